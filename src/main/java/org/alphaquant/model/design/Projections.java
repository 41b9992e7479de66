package org.alphaquant.model.design;

/**
 * The linears of an attention block, and the norms and clipping of their outputs.
 *
 * @param joint whether queries, keys and values are one linear {@code qkv_proj}
 * @param values what values are made of
 * @param output name of the linear after the heads
 * @param clip limit that projections are clamped to after their norms; infinite for none
 */
public record Projections(
    Biases biases,
    QueryKeyNorm norm,
    double clip,
    boolean joint,
    OutputGate gate,
    Values values,
    String output) {

  /** What the values of attention are. */
  public enum Values {
    /** Their own projection. */
    PLAIN,

    /** Every head's own projection divided by its root mean square (Gemma 4). */
    NORMALISED,

    /** The same of the keys' projection, before the keys' norm. */
    NORMALISED_KEYS
  }

  private static final String OUTPUT = "o_proj";

  /** With the usual name of the linear after the heads. */
  public Projections(
      Biases biases, QueryKeyNorm norm, double clip, boolean joint, OutputGate gate) {
    this(biases, norm, clip, joint, gate, Values.PLAIN, OUTPUT);
  }

  /** The same with another name of the linear after the heads. */
  public Projections withOutput(String name) {
    return new Projections(biases, norm, clip, joint, gate, values, name);
  }

  /** The same with other values. */
  public Projections withValues(Values other) {
    return new Projections(biases, norm, clip, joint, gate, other, output);
  }

  /** Separate linears without biases, norms or clipping. */
  public static final Projections PLAIN = of(Biases.NONE, QueryKeyNorm.NONE);

  /** Separate linears. */
  public static Projections of(Biases biases, QueryKeyNorm norm) {
    return new Projections(biases, norm, Double.POSITIVE_INFINITY, false, OutputGate.NONE);
  }

  /** Separate linears without biases or clipping. */
  public static Projections of(QueryKeyNorm norm) {
    return of(Biases.NONE, norm);
  }

  /** Separate linears without norms or clipping. */
  public static Projections of(Biases biases) {
    return of(biases, QueryKeyNorm.NONE);
  }
}
