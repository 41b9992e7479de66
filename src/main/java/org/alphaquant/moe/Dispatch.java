package org.alphaquant.moe;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import org.alphaquant.model.block.Routing;
import org.alphaquant.torch.TensorScope;

/**
 * A layer's (token, slot) pairs sorted by expert: the tokens of expert e are {@code
 * rows[offsets[e]..offsets[e+1])}, each with the weight that the expert's output is multiplied
 * with.
 *
 * @param rows int64 [T·k], index of the token
 * @param weights float32 [T·k]
 * @param offsets E + 1 positions
 */
public record Dispatch(NDArray rows, NDArray weights, long[] offsets) {

  /** Sorts the routing of T tokens over {@code experts} experts; {@code scope} owns the arrays. */
  public static Dispatch of(TensorScope scope, Routing routing, int experts) {
    NDList sorted = scope.runAll("moe.dispatch", routing.experts(), routing.weights(), experts);
    return new Dispatch(sorted.get(0), sorted.get(1), scope.toLongs(sorted.get(2)));
  }

  /** Tokens of an expert. */
  public long tokens(int expert) {
    return offsets[expert + 1] - offsets[expert];
  }

  /** Counts what the router did with {@code tokens} tokens of width {@code inputs}. */
  public static Utilization utilization(
      TensorScope scope, int layer, Routing routing, int experts, long inputs) {
    try (TensorScope counting = scope.child("utilization")) {
      NDList counts =
          counting.runAll("moe.utilization", routing.experts(), routing.weights(), experts);
      long tokens = routing.experts().getShape().get(0);
      return Utilization.of(
          layer,
          inputs,
          tokens,
          (int) routing.experts().getShape().get(1),
          counting.toFloats(counts.get(0)),
          counting.toFloats(counts.get(1)));
    }
  }
}
