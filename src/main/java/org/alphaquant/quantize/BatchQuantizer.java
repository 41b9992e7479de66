package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Function;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.estimate.MemoryPlan;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.format.WeightGrid;
import org.alphaquant.gptq.GptqSolver;
import org.alphaquant.gptq.Sharing;
import org.alphaquant.gptq.Solution;
import org.alphaquant.storage.ModuleEncoder;
import org.alphaquant.storage.QuantizedBatch;
import org.alphaquant.storage.StorageFormat;
import org.alphaquant.storage.TorchTypes;
import org.alphaquant.torch.TensorScope;

/** Solves one batch of equal shape and scheme, and turns it into tensors and reports. */
final class BatchQuantizer {

  /**
   * Rows of the batch that are one projection: element b's rows are the module {@code modules[b]}.
   */
  record Part(long first, long last, List<String> modules) {}

  private final GptqSolver solver;
  private final boolean nearest;
  private final Map<String, TensorScheme> schemes;
  private final StorageFormat format;
  private final Dtype dtype;
  private final ModuleEncoder encoder;
  private final MemoryPlan memory;
  private final boolean keepsSolutions;

  /**
   * The result of a batch.
   *
   * @param solution its weight as a storage format keeps it
   * @param rounding number of the dtype that the format rounds the weight itself to, if it does
   */
  record Quantized(Solution solution, WeightGrid grid, OptionalInt rounding) {}

  /**
   * @param nearest whether weights take their nearest codes, whatever the Hessian
   * @param schemes by module name
   * @param format how the checkpoint is written
   * @param dtype the model's own, for scales and plain weights
   * @param memory how many rows are solved at once
   * @param keepsSolutions whether codes and scales are kept beside what is stored of them
   */
  BatchQuantizer(
      GptqSolver solver,
      boolean nearest,
      Map<String, TensorScheme> schemes,
      StorageFormat format,
      Dtype dtype,
      MemoryPlan memory,
      boolean keepsSolutions) {
    this.solver = solver;
    this.nearest = nearest;
    this.schemes = schemes;
    this.format = format;
    this.dtype = dtype;
    this.memory = memory;
    this.keepsSolutions = keepsSolutions;
    this.encoder = new ModuleEncoder(format, dtype);
  }

  /** How the work is divided. */
  MemoryPlan memory() {
    return memory;
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
   * @param sharing with whom, where other devices have the same batch
   * @return owned by {@code scope}
   */
  Quantized quantize(
      TensorScope scope,
      NDArray weight,
      CalibratedInput input,
      TensorScheme scheme,
      List<Part> parts,
      Function<String, String> fallback,
      Sharing sharing,
      LayerResult result) {
    parts.forEach(part -> requireFinite(scope, weight, part, BatchQuantizer::notFinite));
    long start = System.nanoTime();
    WeightGrid grid = grid(weight, scheme);
    long rows = memory.rowsAtOnce(weight.getShape().get(0), weight.getShape().get(2));
    Solution solution =
        nearest
            ? solver.round(scope, weight, grid, rows)
            : solver.solve(scope, weight, input.hessian(), input.heldOut(), grid, rows, sharing);
    Quantized quantized = asStored(scope, solution, grid);
    result.took("solve", start, scope);
    if (result.isKept()) {
      store(scope, quantized, input.largest(), scheme, parts, fallback, result);
      result.add(Importance.of(scope, input.hessian(), parts));
    }
    return quantized;
  }

  /** Rounds {@code weight [1, R, K]}, a table that is read row by row, with searched scales. */
  Quantized round(
      TensorScope scope, NDArray weight, TensorScheme scheme, Part part, LayerResult result) {
    requireFinite(scope, weight, part, BatchQuantizer::notFinite);
    long start = System.nanoTime();
    WeightGrid grid = grid(weight, scheme);
    Solution solution = solver.round(scope, weight, grid, memory.rowsAtOnce(1, grid.groupSize()));
    Quantized quantized = asStored(scope, solution, grid);
    result.took("solve", start, scope);
    if (result.isKept()) {
      NDArray largest = scope.run("tensor.zeros", weight, 1);
      store(scope, quantized, largest, scheme, List.of(part), module -> null, result);
    }
    return quantized;
  }

  private WeightGrid grid(NDArray weight, TensorScheme scheme) {
    return format.grid(scheme, weight.getShape().get(2), dtype);
  }

  private void store(
      TensorScope parent,
      Quantized quantized,
      NDArray largest,
      TensorScheme scheme,
      List<Part> parts,
      Function<String, String> fallback,
      LayerResult result) {
    try (TensorScope scope = parent.receiving("pack", result.memory(parent))) {
      long start = System.nanoTime();
      for (Part part : parts) {
        requireFinite(scope, quantized.solution().weight(), part, this::outOfRange);
        try (TensorScope rows = scope.child("rows")) {
          QuantizedBatch own =
              packable(quantized.solution(), largest).rows(rows, part.first(), part.last());
          result.add(encoder.encode(rows, own, scheme, part.modules()));
          if (keepsSolutions) {
            result.add(SolvedModule.of(rows, own, part.modules()));
          }
        }
        report(scope, quantized.solution(), part, fallback, result);
      }
      result.took("pack", start, scope);
    }
  }

  private static QuantizedBatch packable(Solution solution, NDArray largest) {
    return new QuantizedBatch(
        solution.weight(),
        solution.codes(),
        solution.scale(),
        solution.zero(),
        solution.outer(),
        largest);
  }

  private static void requireFinite(
      TensorScope scope, NDArray weight, Part part, Function<String, ModelException> problem) {
    long[] finite = Checksums.finite(scope, weight, part.first(), part.last());
    for (int b = 0; b < finite.length; b++) {
      if (finite[b] == 0) {
        throw problem.apply(part.modules().get(b) + ".weight");
      }
    }
  }

  private static ModelException notFinite(String name) {
    return ModelException.weightNotFinite(name, "once it is read as float32");
  }

  private ModelException outOfRange(String name) {
    return ModelException.scaleOutOfRange(name, format.scaleDtype(dtype).toString(), format.name());
  }

  // A plain checkpoint rounds the weight itself; the layers to come must see it so.
  private Quantized asStored(TensorScope scope, Solution solution, WeightGrid grid) {
    if (!format.storesValues()) {
      return new Quantized(solution, grid, OptionalInt.empty());
    }
    int rounding = TorchTypes.of(dtype).number();
    NDArray rounded = scope.run("tensor.rounded", solution.weight(), rounding);
    return new Quantized(solution.withWeight(rounded), grid, OptionalInt.of(rounding));
  }

  private void report(
      TensorScope scope,
      Solution solution,
      Part part,
      Function<String, String> fallback,
      LayerResult result) {
    long rows = solution.weight().getShape().get(1);
    NDArray sums = Checksums.of(scope, solution.weight(), part.first(), part.last());
    long[] checksums = scope.toLongs(sums);
    for (int b = 0; b < part.modules().size(); b++) {
      int from = Math.toIntExact(b * rows + part.first());
      int to = Math.toIntExact(b * rows + part.last());
      double energy = Math.max(sum(solution.energy(), from, to), Double.MIN_NORMAL);
      String module = part.modules().get(b);
      double damp = solution.damp()[b];
      double before = sum(solution.roundingError(), from, to) / energy;
      double after = sum(solution.error(), from, to) / energy;
      if (!Double.isFinite(before + after)) {
        throw ModelException.activationNotFinite("the squared input of " + module);
      }
      result.add(
          new LinearReport(
              module,
              before,
              after,
              energy,
              damp < 0 ? null : damp,
              damp < 0 && !nearest ? "rounding" : fallback.apply(module),
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
