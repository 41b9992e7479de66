package org.alphaquant.gptq;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.alphaquant.format.TwoLevels;
import org.alphaquant.format.WeightGrid;
import org.alphaquant.torch.TensorScope;

/**
 * GPTQ (Frantar et al. 2023, arXiv 2210.17323) on a batch of linears: scales are searched on the
 * original weights, then columns are quantized in turn, each error fed to those still to come, and
 * coordinate descent polishes the result. The mathematics is in {@code torchscript/gptq.py} and
 * {@code torchscript/scales.py}; on a GPU its loops over columns and candidates run as the kernels
 * of {@code resources/cuda/gptq}.
 */
public final class GptqSolver {

  private final GptqOptions options;
  private final boolean kernels;

  public GptqSolver(GptqOptions options) {
    this(options, true);
  }

  /**
   * @param kernels whether fused kernels take the scripts' place where a GPU runs them
   */
  public GptqSolver(GptqOptions options, boolean kernels) {
    this.options = options;
    this.kernels = kernels;
  }

  /** The same on a Hessian whose tokens are all alike: none is held out. */
  public Solution solve(
      TensorScope scope, NDArray weight, NDArray hessian, WeightGrid grid, long rows) {
    return solve(scope, weight, hessian, null, grid, rows, Sharing.ALONE);
  }

  /**
   * Quantizes a batch.
   *
   * @param scope owns the solution's arrays
   * @param weight float32 [B, R, K]
   * @param hessian float32 [B, K, K]
   * @param heldOut the part of it that is of tokens to choose settings by, [B, K, K], or null
   * @param rows outputs to solve at once, which bounds the working memory and changes nothing else
   * @param sharing with whom; settings and outputs do not depend on each other
   */
  public Solution solve(
      TensorScope scope,
      NDArray weight,
      NDArray hessian,
      NDArray heldOut,
      WeightGrid grid,
      long rows,
      Sharing sharing) {
    try (TensorScope work = scope.child("gptq")) {
      Choice choice = choice(work, weight, hessian, heldOut, grid, rows, sharing);
      Solved solved = solved(work, weight, hessian, choice, grid, rows, sharing);
      return solution(scope, work, solved.arrays(), solved.codes(), solved.scales(), grid);
    }
  }

  /**
   * What the scripts or kernels return.
   *
   * @param arrays as solver.solve returns them
   * @param scales scale, zero point and outer scale
   */
  private record Solved(NDList arrays, NDArray codes, NDList scales) {

    /** All outputs, of which these are a part; {@code of} are the scales of all. */
    Solved joined(TensorScope work, Sharing sharing, NDList of) {
      NDList own = new NDList(codes, arrays.get(0), arrays.get(1), arrays.get(2));
      own.addAll(List.of(arrays.get(3), arrays.get(4), arrays.get(6)));
      NDList all = sharing.joinedOutputs(work, own);
      NDArray damping = arrays.get(5);
      NDList joined = new NDList(all.get(1), all.get(2), all.get(3), all.get(4), all.get(5));
      joined.addAll(List.of(damping, all.get(6)));
      return new Solved(joined, all.get(0), fitted(joined, of));
    }
  }

  // What scales are multiples of may be a matrix's, so that scales are searched of all outputs.
  private Solved solved(
      TensorScope work,
      NDArray weight,
      NDArray hessian,
      Choice choice,
      WeightGrid grid,
      long rows,
      Sharing sharing) {
    Optional<FusedSolver> fused = fused(work, grid);
    NDArray importance = work.run("scales.importance", hessian, options.weights(grid));
    NDList scales = scales(work, weight, importance, grid, rows, fused);
    int outputs = Math.toIntExact(weight.getShape().get(1));
    if (!sharing.divides(outputs)) {
      return solved(work, weight, hessian, choice, scales, grid, rows);
    }
    int first = sharing.begin(outputs);
    int last = sharing.end(outputs);
    NDList own = new NDList();
    for (NDArray scale : scales) {
      boolean each = scale.getShape().dimension() > 1;
      own.add(each ? work.run("tensor.rows", scale, first, last) : scale);
    }
    NDArray part = work.run("tensor.rows", weight, first, last);
    return solved(work, part, hessian, choice, own, grid, rows).joined(work, sharing, scales);
  }

  private Solved solved(
      TensorScope work,
      NDArray weight,
      NDArray hessian,
      Choice choice,
      NDList scales,
      WeightGrid grid,
      long rows) {
    Optional<FusedSolver> fused = fused(work, grid);
    if (fused.isPresent()) {
      NDList solved = fused.get().solve(work, weight, hessian, choice, scales, rows);
      return new Solved(solved, solved.get(7), fitted(solved, scales));
    }
    NDList solved =
        work.runAll(
            "solver.solve",
            weight,
            hessian,
            scales.get(0),
            scales.get(1),
            scales.get(2),
            grid.numbers(),
            choice.damp(),
            choice.ordered(),
            options.blockSize(),
            choice.reorders(),
            options.sweeps(),
            options.refits(grid),
            rows);
    NDList fitted = fitted(solved, scales);
    return new Solved(solved, codes(work, solved, fitted, grid, rows), fitted);
  }

  // Scales and zero points as sweeps have left them.
  private static NDList fitted(NDList solved, NDList scales) {
    return new NDList(solved.get(1), solved.get(6), scales.get(2));
  }

  private Choice choice(
      TensorScope work,
      NDArray weight,
      NDArray hessian,
      NDArray heldOut,
      WeightGrid grid,
      long rows,
      Sharing sharing) {
    if (heldOut == null || !options.triesDamp() && !options.triesOrder(grid)) {
      int count = Math.toIntExact(weight.getShape().get(0));
      return Choice.of(work, count, options.damps().get(0), options.actOrder());
    }
    try (TensorScope trying = work.child("trials")) {
      NDArray training = trying.run("trials.without", hessian, heldOut);
      return new Trials(options, grid, weight, training, heldOut, rows, sharing)
          .choose(
              trying,
              (scope, some, by, on, choice) -> errors(scope, some, by, on, choice, grid, rows))
          .keep(trying, work);
    }
  }

  // Of some outputs that are solved by some tokens on others.
  private float[] errors(
      TensorScope scope,
      NDArray some,
      NDArray by,
      NDArray on,
      Choice choice,
      WeightGrid grid,
      long rows) {
    long settings = choice.damp().size() / some.getShape().get(0);
    NDArray weight = several(scope, some, settings);
    Optional<FusedSolver> fused = fused(scope, grid);
    if (fused.isEmpty()) {
      NDArray training = several(scope, by, settings);
      NDArray found =
          solved(scope, weight, training, choice, grid, rows, Sharing.ALONE).arrays().get(0);
      NDArray others = several(scope, on, settings);
      return scope.toFloats(scope.run("trials.error_on", weight, found, others));
    }
    NDArray importance = scope.run("scales.importance", by, options.weights(grid));
    NDList scales = new NDList();
    scales(scope, some, importance, grid, rows, fused)
        .forEach(array -> scales.add(several(scope, array, settings)));
    FusedSolver solver = fused.get();
    float[] errors = scope.toFloats(solver.errorsOn(scope, weight, by, on, choice, scales, false));
    return IntStream.range(0, errors.length).anyMatch(b -> Float.isNaN(errors[b]))
        ? scope.toFloats(solver.errorsOn(scope, weight, by, on, choice, scales, true))
        : errors;
  }

  private static NDArray several(TensorScope scope, NDArray array, long times) {
    return times == 1 ? array : scope.run("trials.several", array, times);
  }

  // Kernels where there is a GPU that runs them, in the scripts' place.
  private Optional<FusedSolver> fused(TensorScope scope, WeightGrid grid) {
    return kernels && !grid.table()
        ? scope.cuda().map(device -> new FusedSolver(device, options, grid, scope.rounds()))
        : Optional.empty();
  }

  private static NDArray codes(
      TensorScope work, NDList solved, NDList scales, WeightGrid grid, long rows) {
    return work.run(
        "format.codes", solved.get(0), solved.get(1), scales.get(1), grid.numbers(), rows);
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
      NDArray importance = work.run("scales.importance", weight, false);
      NDList scales = scales(work, weight, importance, grid, rows, fused(work, grid));
      NDList rounded =
          work.runAll("solver.nearest", weight, scales.get(0), scales.get(1), grid.numbers(), rows);
      NDArray codes = codes(work, rounded, scales, grid, rows);
      return solution(scope, work, rounded, codes, scales, grid);
    }
  }

  // Scale and zero point of every group, and what scales are multiples of.
  private NDList scales(
      TensorScope work,
      NDArray weight,
      NDArray importance,
      WeightGrid grid,
      long rows,
      Optional<FusedSolver> fused) {
    if (grid.levels() != null) {
      return twoLevels(work, weight, importance, grid, rows);
    }
    NDArray outer = work.run("format.outer_scale", weight, grid.numbers());
    NDList scales =
        grid.eitherSign()
            ? ofEitherSign(work, weight, importance, grid, rows, fused, outer)
            : positive(work, weight, importance, grid, rows, fused, outer);
    NDArray zero =
        grid.minima()
            ? work.run("kquant.half_minima", scales.get(0), scales.get(1), grid.least())
            : scales.get(1);
    return new NDList(scales.get(0), zero, outer);
  }

  private NDList positive(
      TensorScope work,
      NDArray weight,
      NDArray importance,
      WeightGrid grid,
      long rows,
      Optional<FusedSolver> fused,
      NDArray outer) {
    return fused
        .filter(FusedSolver::searches)
        .map(solver -> solver.search(work, weight, importance, outer))
        .orElseGet(() -> searched(work, weight, importance, grid, rows, outer));
  }

  // Of weights turned so that each group's largest is on the side that the grid reaches further to.
  private NDList ofEitherSign(
      TensorScope work,
      NDArray weight,
      NDArray importance,
      WeightGrid grid,
      long rows,
      Optional<FusedSolver> fused,
      NDArray outer) {
    long all = weight.getShape().get(1);
    NDList scales = new NDList();
    NDList zeros = new NDList();
    for (long first = 0; first < all; first += rows) {
      try (TensorScope part = work.child("turned")) {
        NDList turned =
            part.runAll(
                "scales.turned", weight, grid.groupSize(), first, Math.min(all, first + rows));
        NDList found = positive(part, turned.get(0), importance, grid, rows, fused, outer);
        NDArray scale = part.run("scales.with_signs", found.get(0), turned.get(1));
        scales.add(part.keep(work, scale));
        zeros.add(part.keep(work, found.get(1)));
      }
    }
    return new NDList(work.run("scales.joined", scales), work.run("scales.joined", zeros));
  }

  private NDList searched(
      TensorScope work,
      NDArray weight,
      NDArray importance,
      WeightGrid grid,
      long rows,
      NDArray outer) {
    return work.runAll(
        "scales.search", weight, importance, grid.numbers(), options.scaleSteps(), outer, rows);
  }

  private NDList twoLevels(
      TensorScope work, NDArray weight, NDArray importance, WeightGrid grid, long rows) {
    TwoLevels levels = grid.levels();
    return work.runAll(
        "kquant.search",
        weight,
        importance,
        grid.least(),
        grid.greatest(),
        grid.groupSize(),
        levels.minima(),
        (double) levels.least(),
        (double) levels.most(),
        options.scaleSteps(),
        rows);
  }

  private static Solution solution(
      TensorScope scope,
      TensorScope work,
      NDList solved,
      NDArray codes,
      NDList scales,
      WeightGrid grid) {
    NDArray scale = solved.get(1);
    NDArray zero = scales.get(1);
    NDArray outer = scales.get(2);
    NDArray weight = solved.get(0);
    if (grid.minima() || grid.levels() != null) {
      weight = asRead(work, codes, scale, zero, outer, grid);
    }
    for (NDArray array : List.of(weight, codes, scale, zero, outer)) {
      work.keep(scope, array);
    }
    NDList read = new NDList(solved.get(2), solved.get(3), solved.get(4), solved.get(5));
    FloatBuffer numbers = FloatBuffer.wrap(work.toFloats(work.run("solver.numbers", read)));
    return new Solution(
        weight,
        codes,
        scale,
        zero,
        outer,
        next(numbers, solved.get(2)),
        next(numbers, solved.get(3)),
        next(numbers, solved.get(4)),
        next(numbers, solved.get(5)));
  }

  // As many as an array has.
  private static float[] next(FloatBuffer numbers, NDArray array) {
    float[] next = new float[Math.toIntExact(array.size())];
    numbers.get(next);
    return next;
  }

  // A minimum stored in place of a zero point decodes to slightly different float32 values.
  private static NDArray asRead(
      TensorScope work,
      NDArray codes,
      NDArray scale,
      NDArray zero,
      NDArray outer,
      WeightGrid grid) {
    return work.run(
        "kquant.stored_values",
        codes,
        scale,
        zero,
        outer,
        grid.least(),
        grid.groupSize(),
        grid.minima());
  }
}
