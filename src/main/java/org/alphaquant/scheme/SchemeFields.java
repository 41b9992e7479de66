package org.alphaquant.scheme;

import org.alphaquant.format.NumberFormat;

/**
 * The fields that the default and each override may set; null where one is left open.
 *
 * @param wq format of the weight
 * @param aq format of the activations that go in
 * @param groupSize consecutive input features that share a scale, -1 for a whole row
 * @param symmetric false for a zero point in every group; of no effect on formats without one
 * @param skip true leaves the module as it is
 */
public record SchemeFields(
    NumberFormat wq, NumberFormat aq, Integer groupSize, Boolean symmetric, Boolean skip) {
  static final SchemeFields OPEN = new SchemeFields(null, null, null, null, null);

  /** These fields, replaced one by one where {@code later} sets them. */
  SchemeFields overlaidBy(SchemeFields later) {
    return new SchemeFields(
        later.wq == null ? wq : later.wq,
        later.aq == null ? aq : later.aq,
        later.groupSize == null ? groupSize : later.groupSize,
        later.symmetric == null ? symmetric : later.symmetric,
        later.skip == null ? skip : later.skip);
  }

  SchemeFields withGroupSize(int size) {
    return new SchemeFields(wq, aq, size, symmetric, skip);
  }
}
