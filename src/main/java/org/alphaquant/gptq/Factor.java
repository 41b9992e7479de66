package org.alphaquant.gptq;

import ai.djl.ndarray.NDArray;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.alphaquant.torch.TensorScope;

/**
 * The factor of a batch of damped Hessians that errors are fed back by: as {@code gptq.factorize},
 * by kernels and without an inverse.
 */
final class Factor {

  // How often damping grows tenfold.
  private static final int RAISES = 4;
  private static final long FAILED = 0;
  private static final long GOOD = 1;

  private final TensorScope scope;
  private final NDArray hessian;
  private final FactorKernels kernels;
  private final NDArray damping;
  private final NDArray damped;
  private final NDArray factor;
  private final NDArray good;
  private boolean gaveUp;

  /**
   * @param hessian float32 [B, K, K] in the order of the columns, or fewer that several elements
   *     have in common
   * @param damp of each element, float32 [B]
   * @param raises whether damping grows where it does not suffice, which takes a wait
   */
  Factor(TensorScope scope, NDArray hessian, NDArray damp, FactorKernels kernels, boolean raises) {
    this.scope = scope;
    this.hessian = scope.run("tensor.contiguous", hessian);
    this.kernels = kernels;
    this.damping = scope.run("fused.copied", damp);
    this.damped = scope.run("fused.matrices_like", hessian, damp.size());
    this.factor = scope.run("fused.matrices_like", hessian, damp.size());
    kernels.damp(scope, this.hessian, damping, damped, factor);
    this.good = scope.run("fused.all_good", damped);
    kernels.factorize(scope, factor, good);
    if (raises) {
      raise();
    }
    // So that the Hessian is gone as soon as its owner gives it up.
    this.hessian.close();
  }

  // Of just those that fail, and the identity for what fails at the top and what no input reached.
  private void raise() {
    long[] state = state();
    for (int i = 0;
        i < RAISES && IntStream.range(0, state.length).anyMatch(of(state, FAILED));
        i++) {
      again(IntStream.range(0, state.length).filter(of(state, FAILED)).asLongStream().toArray());
      state = state();
    }
    long[] found = state;
    long[] hopeless =
        IntStream.range(0, found.length).filter(b -> found[b] != GOOD).asLongStream().toArray();
    gaveUp = hopeless.length > 0;
    if (gaveUp) {
      scope.runInPlace("fused.give_up", factor, damped, damping, hopeless);
    }
  }

  private long[] state() {
    return scope.toLongs(scope.run("fused.state", good, hessian));
  }

  private static IntPredicate of(long[] state, long wanted) {
    return b -> state[b] == wanted;
  }

  private void again(long[] failed) {
    try (TensorScope work = scope.child("more damping")) {
      NDArray raised = work.run("fused.raised", damping, failed);
      long count = hessian.getShape().get(0);
      long[] matrices = LongStream.of(failed).map(b -> b % count).toArray();
      NDArray own = work.run("tensor.select", hessian, matrices);
      NDArray factored = work.run("fused.empty_weights", own);
      kernels.damp(work, own, raised, own, factored);
      NDArray fine = work.run("fused.all_good", factored);
      kernels.factorize(work, factored, fine);
      work.runInPlace("fused.put_elements", damped, failed, own);
      work.runInPlace("fused.put_elements", factor, failed, factored);
      work.runInPlace("fused.put_elements", good, failed, fine);
    }
  }

  /** N of H = N D Nᵀ above its diagonal of ones, in the factor's place. */
  NDArray unitColumns() {
    kernels.unitColumns(scope, factor);
    return factor;
  }

  /** Which elements could be factored, int32 [B]: 1 where one was. */
  NDArray good() {
    return good;
  }

  /** The damped Hessians, [B, K, K]. */
  NDArray damped() {
    return damped;
  }

  /** Whether some are the identity in place of theirs. */
  boolean gaveUp() {
    return gaveUp;
  }

  /**
   * Other Hessians with the same damping, in place of {@link #damped}, which is used up.
   *
   * @param others the same in another order of their inputs
   */
  NDArray dampedAnew(TensorScope owner, NDArray others) {
    NDArray own = owner.run("tensor.contiguous", others);
    kernels.damp(owner, own, damping, damped, damped);
    return damped;
  }

  /** The damping that each took, [B]; -1 where there was none that helped. */
  NDArray damping() {
    return damping;
  }
}
