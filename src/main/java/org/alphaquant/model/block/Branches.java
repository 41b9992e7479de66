package org.alphaquant.model.block;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.Optional;
import org.alphaquant.torch.TensorScope;

/**
 * What sets the branches of a mixture apart: what the shared expert and the routed ones read of the
 * block's input, and what is done to their outputs before they are added.
 *
 * @param sharedScale multiplied into what the shared expert reads, fp32 [H]; mostly absent
 * @param expertScale multiplied into what routed experts read, fp32 [H]; mostly absent
 * @param afterShared norm of the shared expert's output; mostly absent
 * @param afterExperts norm of the sum of the routed experts' outputs; mostly absent
 * @param scoresScaleInputs whether a score multiplies what an expert reads rather than what it
 *     gives (Llama 4)
 */
public record Branches(
    Optional<NDArray> sharedScale,
    Optional<NDArray> expertScale,
    Optional<Norm> afterShared,
    Optional<Norm> afterExperts,
    boolean scoresScaleInputs) {

  /** All read the block's input, and their outputs are added. */
  public static final Branches NONE =
      new Branches(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), false);

  /** Whether the routed experts' outputs can be added to the shared expert's one by one. */
  boolean addUp() {
    return afterShared.isEmpty() && afterExperts.isEmpty() && !scoresScaleInputs;
  }

  NDArray sharedInput(TensorScope scope, NDArray h) {
    return sharedScale.map(scale -> scope.run("linear.multiply", h, scale)).orElse(h);
  }

  /** Rows of the routed experts: [T, H], or where scores scale them one for each slot, [T*k, H]. */
  NDArray expertInput(TensorScope scope, NDArray h, Routing routing) {
    NDArray read = expertScale.map(scale -> scope.run("linear.multiply", h, scale)).orElse(h);
    return scoresScaleInputs ? scope.run("experts.scaled_slots", read, routing.weights()) : read;
  }

  /** Where the rows of {@link #expertInput} go; slots from {@code used} on count nothing. */
  Routing expertRouting(TensorScope scope, Routing routing, int used) {
    if (!scoresScaleInputs) {
      return routing;
    }
    NDList slots = scope.runAll("experts.slots", routing.experts(), used);
    return new Routing(slots.get(0), slots.get(1));
  }

  /**
   * The block's output from those of the branches, the experts' as {@link #expertInput} has rows.
   */
  NDArray output(TensorScope scope, Optional<NDArray> shared, NDArray experts, long tokens) {
    NDArray summed = scoresScaleInputs ? scope.run("experts.sum_slots", experts, tokens) : experts;
    NDArray routed = afterExperts.map(norm -> norm.apply(scope, summed)).orElse(summed);
    return shared
        .map(y -> afterShared.map(norm -> norm.apply(scope, y)).orElse(y))
        .map(y -> scope.run("linear.residual", y, routed, 1.0))
        .orElse(routed);
  }
}
