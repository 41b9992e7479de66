package org.alphaquant.gptq;

import ai.djl.ndarray.NDArray;
import java.util.Arrays;
import org.alphaquant.format.WeightGrid;
import org.alphaquant.torch.TensorScope;

/**
 * Chooses for each matrix what its inputs cannot tell beforehand, the damping and whether columns
 * are taken by falling diagonal: some outputs are solved on a part of the calibration tokens, and
 * what leaves the least error on the other tokens is taken.
 *
 * @param training Hessians without the tokens held out, [B, K, K]
 * @param heldOut those of these tokens alone
 */
record Trials(
    GptqOptions options, WeightGrid grid, NDArray weight, NDArray training, NDArray heldOut) {

  // Enough to rank settings by, and few enough to cost little beside a whole matrix.
  private static final int OUTPUTS = 64;

  // What the order of columns gains must show: below that it is the noise of few tokens.
  private static final float LEAST_GAIN = 0.03f;

  /** Solves a batch of weights with a choice, on {@link #training}. */
  interface Solver {
    NDArray quantized(TensorScope scope, NDArray weight, Choice choice);
  }

  Choice choose(TensorScope parent, Solver solver) {
    int count = Math.toIntExact(weight.getShape().get(0));
    float[] damps = new float[count];
    float[] least = new float[count];
    boolean[] ordered = new boolean[count];
    Arrays.fill(least, Float.POSITIVE_INFINITY);
    Arrays.fill(damps, options.damps().get(0).floatValue());
    Arrays.fill(ordered, options.actOrder() && !options.triesOrder(grid));
    for (double damp : options.damps()) {
      float[] all = new float[count];
      Arrays.fill(all, (float) damp);
      float[] errors = errors(parent, solver, all, ordered);
      for (int b = 0; b < count; b++) {
        if (errors[b] < least[b]) {
          least[b] = errors[b];
          damps[b] = all[b];
        }
      }
    }
    if (options.triesOrder(grid)) {
      boolean[] falling = new boolean[count];
      Arrays.fill(falling, true);
      float[] errors = errors(parent, solver, damps, falling);
      for (int b = 0; b < count; b++) {
        ordered[b] = errors[b] < (1 - LEAST_GAIN) * least[b];
      }
    }
    return Choice.of(parent, damps, ordered);
  }

  private float[] errors(TensorScope parent, Solver solver, float[] damps, boolean... ordered) {
    try (TensorScope scope = parent.child("trial")) {
      NDArray some = scope.run("gptq.sampled_rows", weight, OUTPUTS);
      NDArray found = solver.quantized(scope, some, Choice.of(scope, damps, ordered));
      return scope.toFloats(scope.run("gptq.error_on", some, found, heldOut));
    }
  }
}
