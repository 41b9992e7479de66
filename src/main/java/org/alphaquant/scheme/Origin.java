package org.alphaquant.scheme;

/**
 * Which part of the configuration decided each field of a module's scheme: the index of an
 * override, {@value #DEFAULT} for the default, {@value #BUILT_IN} where neither sets it.
 *
 * @param wq what set the weight's format
 * @param aq what set the activation's format
 * @param groupSize what set the group size
 * @param symmetric what set the symmetry
 * @param skip what set {@code skip}
 */
public record Origin(int wq, int aq, int groupSize, int symmetric, int skip) {
  public static final int DEFAULT = -1;
  public static final int BUILT_IN = -2;

  static Origin of(SchemeFields fields, int index) {
    return new Origin(BUILT_IN, BUILT_IN, BUILT_IN, BUILT_IN, BUILT_IN).overlaidBy(fields, index);
  }

  Origin overlaidBy(SchemeFields later, int index) {
    return new Origin(
        later.wq() == null ? wq : index,
        later.aq() == null ? aq : index,
        later.groupSize() == null ? groupSize : index,
        later.symmetric() == null ? symmetric : index,
        later.skip() == null ? skip : index);
  }

  /** JSON pointer to a field; to the default's where no part sets it. */
  static String pointer(int index, String field) {
    return index < 0 ? "/default/" + field : "/overrides/" + index + "/" + field;
  }
}
