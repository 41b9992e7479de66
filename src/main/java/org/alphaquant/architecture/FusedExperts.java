package org.alphaquant.architecture;

/**
 * The routed experts of a layer as two stacked tensors.
 *
 * @param gateUp name of the tensor that holds gate and up of all experts
 * @param down name of the tensor that holds their down projections
 * @param biased whether each comes with biases, under the same name and {@code _bias}
 */
public record FusedExperts(String gateUp, String down, Arrangement arrangement, boolean biased) {

  /** The layout of the matrices, for E experts of width M in a model of width H. */
  public enum Arrangement {
    /** [E, 2M, H], the gate's rows before those of up, and [E, H, M]. */
    GATE_FIRST,

    /** [E, H, 2M], the gate's columns before those of up, and [E, M, H]. */
    TRANSPOSED,

    /** [E, H, 2M], the gate in the even columns and up in the odd ones, and [E, M, H]. */
    INTERLEAVED
  }

  /** Without biases. */
  public FusedExperts(String gateUp, String down, Arrangement arrangement) {
    this(gateUp, down, arrangement, false);
  }

  /** Name of the biases that come with a stacked tensor. */
  public static String bias(String stack) {
    return stack + "_bias";
  }
}
