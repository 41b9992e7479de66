package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.format.WeightGrid;
import org.alphaquant.gptq.GptqSolver;
import org.alphaquant.gptq.Solution;
import org.alphaquant.job.JobError;
import org.alphaquant.job.RunFailure;
import org.alphaquant.storage.OutputFormat;
import org.alphaquant.storage.QuantizedBatch;
import org.alphaquant.storage.StoredGrid;
import org.alphaquant.storage.StoredLinear;
import org.alphaquant.torch.TensorScope;

/** Solves one batch of equal shape and scheme, and turns it into tensors and reports. */
final class BatchQuantizer {

  /**
   * Rows of the batch that are one projection: element b's rows are the module {@code modules[b]}.
   */
  record Part(long first, long last, List<String> modules) {}

  private final GptqSolver solver;
  private final Map<String, TensorScheme> schemes;
  private final OutputFormat format;
  private final Dtype dtype;

  /**
   * @param schemes by module name
   * @param format how the checkpoint is written
   * @param dtype the model's own, for scales and plain weights
   */
  BatchQuantizer(
      GptqSolver solver, Map<String, TensorScheme> schemes, OutputFormat format, Dtype dtype) {
    this.solver = solver;
    this.schemes = schemes;
    this.format = format;
    this.dtype = dtype;
  }

  TensorScheme scheme(String module) {
    return schemes.getOrDefault(module, TensorScheme.UNQUANTIZED);
  }

  /** Whether the module's scheme needs the largest value of its inputs. */
  boolean asksForLargest(String module) {
    return scheme(module).activation().kind() == NumberFormat.Kind.NV;
  }

  boolean quantizes(String module) {
    return !scheme(module).format().isUnquantized();
  }

  /**
   * Quantizes {@code weight [B, R, K]} on its inputs.
   *
   * @param fallback names what an element's Hessian is made of if not its own tokens; null for its
   *     own
   * @return the dequantized weight, owned by {@code scope}
   */
  NDArray quantize(
      TensorScope scope,
      NDArray weight,
      CalibratedInput input,
      TensorScheme scheme,
      List<Part> parts,
      Function<String, String> fallback,
      LayerResult result) {
    long start = System.nanoTime();
    try (TensorScope work = scope.child("quantize")) {
      for (Part part : parts) {
        requireFinite(work, weight, part);
      }
      long inputs = weight.getShape().get(2);
      WeightGrid grid = WeightGrid.of(scheme, inputs, StoredGrid.scaleDtype(format, dtype));
      Solution solution = asStored(work, solver.solve(work, weight, input.hessian(), grid));
      result.took("solve", start, work);
      long packing = System.nanoTime();
      for (Part part : parts) {
        result.add(
            StoredLinear.tensors(
                work,
                packable(solution, input),
                scheme,
                format,
                dtype,
                part.first(),
                part.last(),
                part.modules()));
        report(work, solution, scheme, part, fallback, result);
      }
      result.took("pack", packing, work);
      return work.keep(scope, solution.weight());
    }
  }

  private static QuantizedBatch packable(Solution solution, CalibratedInput input) {
    return new QuantizedBatch(
        solution.weight(),
        solution.codes(),
        solution.scale(),
        solution.zero(),
        solution.outer(),
        input.largest());
  }

  private static void requireFinite(TensorScope scope, NDArray weight, Part part) {
    NDArray rows = scope.run("packing.rows", weight, part.first(), part.last());
    long[] finite = scope.toLongs(scope.run("packing.finite", rows));
    for (int b = 0; b < finite.length; b++) {
      if (finite[b] == 0) {
        throw new RunFailure(
            JobError.Kind.USER,
            "weight-not-finite",
            "%s.weight has an infinity or not-a-number; no format stores those"
                .formatted(part.modules().get(b)));
      }
    }
  }

  // A plain checkpoint rounds the weight itself; the layers to come must see it so.
  private Solution asStored(TensorScope scope, Solution solution) {
    if (format != OutputFormat.DEQUANTIZED) {
      return solution;
    }
    int rounding = StoredLinear.torchDtype(dtype).number();
    return solution.withWeight(scope.run("packing.rounded", solution.weight(), rounding));
  }

  private static void report(
      TensorScope scope,
      Solution solution,
      TensorScheme scheme,
      Part part,
      Function<String, String> fallback,
      LayerResult result) {
    long rows = solution.weight().getShape().get(1);
    NDArray own = scope.run("packing.rows", solution.weight(), part.first(), part.last());
    long[] checksums = scope.toLongs(scope.run("packing.checksum", own));
    for (int b = 0; b < part.modules().size(); b++) {
      int from = Math.toIntExact(b * rows + part.first());
      int to = Math.toIntExact(b * rows + part.last());
      double energy = Math.max(sum(solution.energy(), from, to), Double.MIN_NORMAL);
      String module = part.modules().get(b);
      double damp = solution.damp()[b];
      result.add(
          new LinearReport(
              module,
              scheme.format().jsonName(),
              scheme.groupSize(),
              scheme.symmetric(),
              sum(solution.roundingError(), from, to) / energy,
              sum(solution.error(), from, to) / energy,
              damp < 0 ? null : damp,
              damp < 0 ? "rounding" : fallback.apply(module),
              checksums[b]));
    }
  }

  private static double sum(float[] values, int from, int to) {
    double sum = 0;
    for (int i = from; i < to; i++) {
      sum += values[i];
    }
    return sum;
  }
}
