package org.alphaquant.model.design;

/**
 * Which linears of an attention block have biases.
 *
 * @param projections those of queries, keys and values
 * @param output the one after the heads
 */
public record Biases(boolean projections, boolean output) {

  public static final Biases NONE = new Biases(false, false);

  /** On all linears, or on none. */
  public static Biases all(boolean present) {
    return new Biases(present, present);
  }
}
