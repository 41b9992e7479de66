package org.alphaquant.gptq;

import ai.djl.ndarray.NDArray;
import java.util.Arrays;
import org.alphaquant.torch.TensorScope;

/**
 * What each element of a batch is solved with.
 *
 * @param damp float32 [B]
 * @param ordered float32 [B], 1 where columns are taken by falling diagonal
 * @param reorders whether any is
 */
record Choice(NDArray damp, NDArray ordered, boolean reorders) {

  static Choice of(TensorScope scope, float[] damp, boolean... ordered) {
    float[] flags = new float[ordered.length];
    boolean any = false;
    for (int b = 0; b < flags.length; b++) {
      flags[b] = ordered[b] ? 1 : 0;
      any |= ordered[b];
    }
    return new Choice(scope.floats(damp, damp.length), scope.floats(flags, flags.length), any);
  }

  /** Moves its arrays to another scope. */
  Choice keep(TensorScope from, TensorScope target) {
    from.keep(target, damp);
    from.keep(target, ordered);
    return this;
  }

  /** The same for all elements. */
  static Choice of(TensorScope scope, int count, double damp, boolean ordered) {
    float[] damps = new float[count];
    Arrays.fill(damps, (float) damp);
    boolean[] all = new boolean[count];
    Arrays.fill(all, ordered);
    return of(scope, damps, all);
  }
}
