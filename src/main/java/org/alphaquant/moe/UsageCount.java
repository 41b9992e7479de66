package org.alphaquant.moe;

import ai.djl.ndarray.NDList;
import org.alphaquant.model.block.Routing;
import org.alphaquant.model.block.RoutingTap;
import org.alphaquant.torch.TensorScope;

/** Counts the tokens of a layer's experts while they pass. */
public final class UsageCount implements RoutingTap {

  private final long[] tokens;
  private long pairs;

  public UsageCount(int experts) {
    this.tokens = new long[experts];
  }

  @Override
  public Routing routed(TensorScope parent, int microbatch, Routing natural) {
    try (TensorScope scope = parent.child("usage")) {
      NDList counts =
          scope.runAll(
              "experts.utilization", natural.experts(), natural.weights(), 1.0, tokens.length);
      float[] own = scope.toFloats(counts.get(0));
      for (int e = 0; e < own.length; e++) {
        tokens[e] += Math.round(own[e]);
        pairs += Math.round(own[e]);
      }
    }
    return natural;
  }

  /** How many experts there are. */
  public int experts() {
    return tokens.length;
  }

  /** Tokens that went to an expert. */
  public long tokens(int expert) {
    return tokens[expert];
  }

  /** Its part of all (token, slot) pairs; 1/E is fair. */
  public double share(int expert) {
    return pairs == 0 ? 0 : (double) tokens[expert] / pairs;
  }
}
