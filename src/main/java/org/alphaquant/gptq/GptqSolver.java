package org.alphaquant.gptq;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.List;
import org.alphaquant.format.WeightGrid;
import org.alphaquant.torch.TensorScope;

/**
 * GPTQ (Frantar et al. 2023, arXiv 2210.17323) on a batch of linears: scales are searched on the
 * original weights, then columns are quantized in turn, each error fed to those still to come, and
 * coordinate descent polishes the result. The mathematics is in {@code torchscript/gptq.py} and
 * {@code torchscript/scales.py}.
 */
public final class GptqSolver {

  private final GptqOptions options;

  public GptqSolver(GptqOptions options) {
    this.options = options;
  }

  /**
   * Quantizes a batch.
   *
   * @param scope owns the solution's arrays
   * @param weight float32 [B, R, K]
   * @param hessian float32 [B, K, K]
   * @param rows outputs to solve at once, which bounds the working memory and changes nothing else
   */
  public Solution solve(
      TensorScope scope, NDArray weight, NDArray hessian, WeightGrid grid, long rows) {
    try (TensorScope work = scope.child("gptq")) {
      NDArray outer = work.run("format.outer_scale", weight, grid.numbers());
      NDArray importance = work.run("scales.importance", hessian, options.weightedScales());
      NDList scales = scales(work, weight, importance, outer, grid, rows);
      NDList solved =
          work.runAll(
              "gptq.solve",
              weight,
              hessian,
              scales.get(0),
              scales.get(1),
              outer,
              grid.numbers(),
              options.damp(),
              options.blockSize(),
              options.actOrder(),
              options.sweeps(),
              options.refit(),
              rows);
      return solution(scope, work, solved, scales.get(1), outer, grid, rows);
    }
  }

  /**
   * Rounds a batch to the nearest grid values on searched scales, as an embedding is, whose rows
   * are read and not multiplied.
   *
   * @param scope owns the solution's arrays
   * @param weight float32 [B, R, K]
   * @return errors and energy are plain sums of squares; the damping is -1
   */
  public Solution round(TensorScope scope, NDArray weight, WeightGrid grid, long rows) {
    try (TensorScope work = scope.child("rounding")) {
      NDArray outer = work.run("format.outer_scale", weight, grid.numbers());
      NDArray importance = work.run("scales.importance", weight, false);
      NDList scales = scales(work, weight, importance, outer, grid, rows);
      NDList rounded =
          work.runAll("gptq.nearest", weight, scales.get(0), scales.get(1), grid.numbers(), rows);
      return solution(scope, work, rounded, scales.get(1), outer, grid, rows);
    }
  }

  private NDList scales(
      TensorScope work,
      NDArray weight,
      NDArray importance,
      NDArray outer,
      WeightGrid grid,
      long rows) {
    return work.runAll(
        "scales.search", weight, importance, grid.numbers(), options.scaleSteps(), outer, rows);
  }

  private static Solution solution(
      TensorScope scope,
      TensorScope work,
      NDList solved,
      NDArray zero,
      NDArray outer,
      WeightGrid grid,
      long rows) {
    NDArray weight = solved.get(0);
    NDArray scale = solved.get(1);
    NDArray codes = work.run("format.codes", weight, scale, zero, grid.numbers(), rows);
    for (NDArray array : List.of(weight, codes, scale, zero, outer)) {
      work.keep(scope, array);
    }
    return new Solution(
        weight,
        codes,
        scale,
        zero,
        outer,
        work.toFloats(solved.get(2)),
        work.toFloats(solved.get(3)),
        work.toFloats(solved.get(4)),
        work.toFloats(solved.get(5)));
  }
}
