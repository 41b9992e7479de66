package org.alphaquant.model.block;

/** The gated activation between a feed-forward block's first linears and its last. */
public enum Activation {
  /** silu(gate) * up (Shazeer 2020, arXiv 2002.05202). */
  SWIGLU("feed_forward.swiglu_stacked"),

  /** gelu(gate) * up, GELU by its tanh approximation (Gemma). */
  GEGLU_TANH("feed_forward.geglu_tanh_stacked"),

  /** relu(x)² without a gate (So et al. 2021, Primer). */
  RELU_SQUARED("feed_forward.relu_squared");

  private final String function;

  Activation(String function) {
    this.function = function;
  }

  /** The script that computes it from the first linears' outputs side by side. */
  String function() {
    return function;
  }
}
