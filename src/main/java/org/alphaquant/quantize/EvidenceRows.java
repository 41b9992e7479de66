package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import java.util.Arrays;
import org.alphaquant.job.RoutingWeight;
import org.alphaquant.model.block.Routing;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.traffic.Evidence;

/**
 * What this device's tokens count, in the order in which they pass.
 *
 * @param evidence null where all count the same
 * @param tokens weights of this device's tokens; null where all count the same
 */
record EvidenceRows(Evidence evidence, float... tokens) {

  /** Of the samples that a device has. */
  static EvidenceRows of(QuantizationPlan plan, Rank rank) {
    // Kept Hessians have no tokens any more.
    if (plan.evidence() == null || plan.evidence().weights().length == 0) {
      return new EvidenceRows(null, (float[]) null);
    }
    int samples = plan.samples().length;
    return new EvidenceRows(
        plan.evidence(),
        plan.evidence().tokens(rank.begin(samples), rank.end(samples), plan.samples()[0].length));
  }

  /**
   * The power of the weights that {@link #covered} gives: what it has weighed is not weighed again.
   */
  RoutingWeight weighting(RoutingWeight natural) {
    return evidence == null ? natural : RoutingWeight.SCORE;
  }

  /** The weight of each of {@code rows}, of which token {@code first} is the first. */
  NDArray of(TensorScope scope, NDArray rows, int first) {
    if (tokens == null) {
      return scope.run("tensor.ones_per_row", rows);
    }
    int count = Math.toIntExact(rows.getShape().get(0));
    return scope.floats(Arrays.copyOfRange(tokens, first, first + count), count);
  }

  /** Weights [T] of all tokens, each counting what its place does besides. */
  NDArray besides(TensorScope scope, NDArray weights) {
    return tokens == null ? weights : scope.run("hessian.counted", weights, of(scope, weights, 0));
  }

  /** A layer's routing with what each pair counts in a Hessian in place of its score. */
  Routing covered(TensorScope scope, Routing routing, int layer, RoutingWeight weighting) {
    if (evidence == null) {
      return routing;
    }
    float[] factors = evidence.factors().get(layer);
    NDArray weights =
        scope.run(
            "hessian.pair_weights",
            routing.experts(),
            routing.weights(),
            weighting.power(),
            repeated(scope, Math.toIntExact(routing.weights().getShape().get(0))),
            scope.floats(factors, factors.length));
    return new Routing(routing.experts(), weights);
  }

  // Where experts read a row for each slot, those of a token follow each other.
  private NDArray repeated(TensorScope scope, int rows) {
    int each = rows / tokens.length;
    float[] weights = new float[rows];
    for (int i = 0; i < rows; i++) {
      weights[i] = tokens[i / each];
    }
    return scope.floats(weights, rows);
  }
}
