package org.alphaquant.gptq;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.List;
import org.alphaquant.format.WeightGrid;
import org.alphaquant.torch.TensorScope;

/**
 * GPTQ (Frantar et al. 2023, arXiv 2210.17323) on a batch of linears: scales are searched on the
 * original weights, then columns are quantized in turn, each error fed to those still to come, and
 * coordinate descent polishes the result. The mathematics is in {@code torchscript/gptq.py}.
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
   */
  public Solution solve(TensorScope scope, NDArray weight, NDArray hessian, WeightGrid format) {
    try (TensorScope work = scope.child("gptq")) {
      NDArray outer = work.run("format.outer_scale", weight, format.grid(), format.scaleKind());
      NDList scales =
          work.runAll(
              "format.search_scales",
              weight,
              format.grid(),
              format.groupSize(),
              format.scaleKind(),
              format.scaleDtype().number(),
              format.symmetric(),
              options.scaleSteps(),
              outer);
      NDList solved =
          work.runAll(
              "gptq.solve",
              weight,
              hessian,
              scales.get(0),
              scales.get(1),
              format.grid(),
              format.groupSize(),
              format.symmetric(),
              options.damp(),
              options.blockSize(),
              options.actOrder(),
              options.sweeps());
      return solution(scope, work, solved, scales, outer, format);
    }
  }

  private static Solution solution(
      TensorScope scope,
      TensorScope work,
      NDList solved,
      NDList scales,
      NDArray outer,
      WeightGrid format) {
    NDArray codes =
        work.run(
            "format.codes",
            solved.get(0),
            scales.get(0),
            scales.get(1),
            format.grid(),
            format.groupSize());
    NDArray weight = solved.get(0);
    for (NDArray array : List.of(weight, codes, scales.get(0), scales.get(1), outer)) {
      work.keep(scope, array);
    }
    return new Solution(
        weight,
        codes,
        scales.get(0),
        scales.get(1),
        outer,
        work.toFloats(solved.get(1)),
        work.toFloats(solved.get(2)),
        work.toFloats(solved.get(3)),
        work.toFloats(solved.get(4)));
  }
}
