package org.alphaquant.model.block;

/**
 * What stands between the first linears of a feed-forward block, or of an expert, and its last. The
 * scripts know them by their order here.
 */
public enum Activation {
  /** silu(gate) * up (Shazeer 2020, arXiv 2002.05202). */
  SWIGLU,

  /** (up + 1) * gate * sigmoid(1.702 gate), gate at most 7 and up within 7 of zero (gpt-oss). */
  CLAMPED_SWIGLU,

  /** gelu(gate) * up, GELU by its tanh approximation (Gemma). */
  GEGLU_TANH,

  /** relu(x)² of one linear, without a gate (So et al. 2021, Primer). */
  RELU_SQUARED;

  /** As scripts take it. */
  public int number() {
    return ordinal();
  }

  /** Linears whose outputs it takes: gate and up, or one. */
  public int linears() {
    return this == RELU_SQUARED ? 1 : 2;
  }
}
