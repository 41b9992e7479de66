package org.alphaquant.model.block;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.stream.IntStream;
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

  /** Rows gathered at once, which bounds the copies of one expert's inputs. */
  public static final int ROWS = 16_384;

  /** Sorts the routing of T tokens over {@code experts} experts; {@code scope} owns the arrays. */
  public static Dispatch of(TensorScope scope, Routing routing, int experts) {
    NDList sorted = scope.runAll("experts.dispatch", routing.experts(), routing.weights(), experts);
    return new Dispatch(sorted.get(0), sorted.get(1), scope.toLongs(sorted.get(2)));
  }

  /**
   * Whether the tokens of some experts, each expert's padded to as many as the busiest has, are so
   * few that one product of all costs less than one for each: as experts.fits_together.
   *
   * @param widest of what is multiplied
   */
  public boolean fitsTogether(int from, int to, long widest) {
    long pairs = offsets[to] - offsets[from];
    long most = IntStream.range(from, to).mapToLong(this::tokens).max().orElse(0);
    long padded = (to - from) * most;
    return pairs > 0 && padded <= 4 * Math.max(pairs, to - from) && padded * widest <= ROWS * 4096L;
  }

  /** Tokens of an expert. */
  public long tokens(int expert) {
    return offsets[expert + 1] - offsets[expert];
  }

  /** All (token, slot) pairs. */
  public long pairs() {
    return offsets[offsets.length - 1];
  }

  /**
   * Adds to y [T, H], in place, what the given experts contribute to rows h [T, H].
   *
   * @param experts may have other weights than the file, for instance quantized ones
   * @param downInput transforms the inputs of the down projections
   */
  public void addOutputs(
      TensorScope scope, NDArray y, NDArray h, ExpertWeights experts, InputRounding downInput) {
    scope.runInPlace(
        "experts.add_outputs",
        y,
        h,
        experts.gateUp(),
        experts.down(),
        experts.biases(),
        experts.activation().number(),
        downInput.numbers(),
        rows,
        weights,
        offsets,
        experts.from(),
        experts.from() + experts.count(),
        ROWS);
  }

  /**
   * The same for known activations.
   *
   * @param activations the inputs of the given experts' down projections, each for its own tokens
   */
  public void addOutputs(TensorScope scope, NDArray y, NDList activations, ExpertWeights experts) {
    scope.runInPlace(
        "experts.add_outputs_of",
        y,
        activations,
        experts.down(),
        experts.biases(),
        rows,
        weights,
        offsets,
        experts.from(),
        experts.from() + experts.count(),
        ROWS);
  }
}
