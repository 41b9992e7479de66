package org.alphaquant.gptq;

import ai.djl.ndarray.NDArray;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.alphaquant.cuda.CudaDevice;
import org.alphaquant.cuda.CudaModule;
import org.alphaquant.cuda.CudaModule.Blocks;
import org.alphaquant.cuda.CudaModule.Threads;
import org.alphaquant.cuda.KernelArguments;
import org.alphaquant.format.WeightGrid;
import org.alphaquant.torch.TensorScope;

/**
 * The kernels of {@code resources/cuda/gptq.cu} for one grid: shapes and launches. Arrays are
 * float32 and contiguous, as the source names them.
 */
final class SolverKernels {

  /** Inputs that one thread holds. */
  static final int BLOCK = 64;

  private static final int TILE = 128;
  private static final int ROWS = 128;
  private static final int REFITTED = 32;
  private static final int REFITTED_TOGETHER = 16;
  // Slices of both factors that are on their way to the tensor cores.
  private static final int SLICES = 2 * 4 * 16 * (TILE + 8) * Float.BYTES;
  // What a block of columns and what waits for them take.
  private static final int COLUMNS = (BLOCK * (BLOCK + 4) + BLOCK * ROWS + 2 * BLOCK) * Float.BYTES;
  private static final int STORED = 32;
  // Inputs whose moves are spread over those after them at once.
  private static final int SPREAD = 256;
  private static final int E8M0 = 1;
  private static final int E4M3_BELOW_OUTER = 2;
  private static final int TWO_LEVELS = 3;
  private static final int WITH_MINIMA = 5;

  private final CudaModule module;
  private final WeightGrid grid;
  private final boolean reduced;
  private final ByteBuffer numbers;

  /**
   * @param reduced whether what is spread over the inputs still to come is multiplied in TF32
   */
  SolverKernels(CudaDevice device, WeightGrid grid, boolean reduced) {
    this.grid = grid;
    this.reduced = reduced;
    this.numbers = numbers(grid);
    this.module =
        device.module(
            "gptq.cu",
            List.of(
                "FLOATING=" + (grid.floating() ? 1 : 0),
                "SYMMETRIC=" + (grid.symmetric() ? 1 : 0),
                "SCALE_KIND=" + (grid.outerPower() ? E4M3_BELOW_OUTER : grid.scaleKind())));
  }

  /** Whether scales of this grid are searched here: those of two levels are not. */
  boolean searches() {
    return grid.scaleKind() != TWO_LEVELS;
  }

  /** Whether scales of this grid are refitted here, as gptq.refit_scales does. */
  boolean refits() {
    return grid.scaleKind() != E8M0
        && grid.scaleKind() != TWO_LEVELS
        && grid.scaleKind() != WITH_MINIMA;
  }

  /** Scale and zero point of every group of weight [B, R, K], both [B, R, G]. */
  void search(
      TensorScope scope,
      NDArray weight,
      NDArray importance,
      NDArray outer,
      int steps,
      NDArray scale,
      NDArray zero) {
    long groups = scale.size();
    int size = Math.toIntExact(grid.groupSize());
    boolean known = List.of(16, 32, 64, 128, 256).contains(size);
    long lanes = size == 16 ? 16 : 32;
    KernelArguments arguments =
        new KernelArguments()
            .add(scope.address(weight))
            .add(importance.size() == 0 ? 0L : scope.address(importance))
            .add(scope.address(scope.floats(factors(steps), steps)))
            .add(scope.address(outer))
            .add(scope.address(scale))
            .add(scope.address(zero))
            .add((int) weight.getShape().get(2))
            .add((int) weight.getShape().get(1))
            .add((int) scale.getShape().get(2))
            .add(groups)
            .add(candidates(steps))
            .add(numbers);
    module.launch(
        known ? "search_" + size : "search_any",
        new Blocks(Blocks.of(groups * lanes, 256), 1, 1),
        Threads.of(256),
        arguments);
  }

  // As in scales.candidates.
  private int candidates(int steps) {
    if (steps == 1 || grid.scaleKind() == 0 || grid.scaleKind() == WITH_MINIMA) {
      return steps;
    }
    return grid.scaleKind() == E8M0 ? 3 : 8;
  }

  // As in scales.candidate: what a candidate takes of the greatest weight.
  private float[] factors(int steps) {
    double reach = grid.floating() ? grid.greatest() : 0.5 * (grid.greatest() - grid.least());
    float[] factors = new float[steps];
    for (int i = 0; i < steps; i++) {
      double shrink = 1.0 - 0.6 * i / steps;
      factors[i] = (float) (grid.symmetric() ? shrink / reach : shrink);
    }
    return factors;
  }

  /** Scales and zero points by output [B, G, R], and the group of each input [B, K]. */
  record Scales(NDArray scale, NDArray zero, NDArray groups) {}

  /** The nearest grid values of W [B, K, R]. */
  void nearest(TensorScope scope, NDArray weight, Scales scales, NDArray result) {
    Addresses at = new Addresses(scope, scales);
    module.launch(
        "nearest",
        new Blocks(Blocks.of(rows(weight), ROWS), inputs(weight), batch(weight)),
        Threads.of(ROWS),
        at.into(new KernelArguments().add(scope.address(weight)))
            .add(scope.address(result))
            .add(inputs(weight))
            .add(rows(weight))
            .add(groups(scales))
            .add(numbers));
  }

  /**
   * Algorithm 1: W [B, K, R] gives Q.
   *
   * @param correction zeros [B, K, R], used up
   * @param factor N with H = N D Nᵀ, upper triangular with ones on its diagonal
   */
  void errorFeedback(
      TensorScope scope,
      NDArray weight,
      NDArray correction,
      NDArray factor,
      Scales scales,
      NDArray result) {
    sweep("error_feedback", scope, correction, factor, scales, result, scope.address(weight));
  }

  /**
   * {@code gptq.damped}.
   *
   * @param hessian [B, K, K]
   * @param damp [B]
   * @param kept what it gives; may be the Hessian
   * @param factored the same, to be factored
   */
  void damp(TensorScope scope, NDArray hessian, NDArray damp, NDArray kept, NDArray factored) {
    int inputs = inputs(hessian);
    int batch = batch(hessian);
    try (TensorScope work = scope.child("damping")) {
      NDArray mean = work.run("fused.copied", damp);
      module.launch(
          "mean_diagonal",
          new Blocks(batch, 1, 1),
          Threads.of(256),
          new KernelArguments().add(scope.address(hessian)).add(scope.address(mean)).add(inputs));
      module.launch(
          "damped",
          new Blocks(Blocks.of(inputs, 256), inputs, batch),
          Threads.of(256),
          new KernelArguments()
              .add(scope.address(hessian))
              .add(scope.address(damp))
              .add(scope.address(mean))
              .add(scope.address(kept))
              .add(scope.address(factored))
              .add(inputs));
    }
  }

  /** N of H = N D Nᵀ on and above its diagonal of ones, of what {@link #factorize} leaves. */
  NDArray unitColumns(TensorScope scope, NDArray factor) {
    NDArray columns = scope.run("fused.empty_weights", factor);
    long tiles = Blocks.of(inputs(factor), STORED);
    module.launch(
        "unit_columns",
        new Blocks(tiles, tiles, batch(factor)),
        new Threads(STORED, 8, 0),
        new KernelArguments()
            .add(scope.address(factor))
            .add(scope.address(columns))
            .add(inputs(factor)));
    return columns;
  }

  /** tr E H Eᵀ of each element, of the errors E and -H E [B, K, R]. */
  NDArray traces(TensorScope scope, NDArray errors, NDArray negativeProduct) {
    NDArray traces = scope.run("tensor.zeros", errors, batch(errors));
    module.launch(
        "negative_traces",
        new Blocks(batch(errors), 1, 1),
        Threads.of(1024),
        new KernelArguments()
            .add(scope.address(errors))
            .add(scope.address(negativeProduct))
            .add(scope.address(traces))
            .add((long) inputs(errors) * rows(errors)));
    return traces;
  }

  /**
   * A [B, K, K], symmetric, becomes Vᵀ on and below its diagonal, where A = V Vᵀ.
   *
   * @param good int32 [B], ones; zero where there is no such V
   */
  void factorize(TensorScope scope, NDArray matrix, NDArray good) {
    long address = scope.address(matrix);
    long found = scope.address(good);
    int inputs = inputs(matrix);
    for (int first = (inputs - 1) / BLOCK * BLOCK; first >= 0; first -= BLOCK) {
      module.launch(
          "factor_block",
          new Blocks(batch(matrix), 1, 1),
          Threads.of(256),
          new KernelArguments().add(address).add(found).add(inputs).add(first));
      if (first > 0) {
        module.launch(
            "factor_panel",
            new Blocks(Blocks.of(first, ROWS), batch(matrix), 1),
            Threads.of(ROWS),
            new KernelArguments().add(address).add(inputs).add(first));
        long tiles = Blocks.of(first, TILE);
        module.launch(
            "factor_rest",
            new Blocks(tiles, tiles, batch(matrix)),
            Threads.of(256),
            new KernelArguments().add(address).add(inputs).add(first));
      }
    }
  }

  /** One sweep of coordinate descent: Q moves, the residual is used up. */
  void descend(
      TensorScope scope, NDArray residual, NDArray hessian, Scales scales, NDArray quantized) {
    sweep("descend", scope, residual, hessian, scales, quantized, 0);
  }

  private void sweep(
      String kernel,
      TensorScope scope,
      NDArray rest,
      NDArray matrix,
      Scales scales,
      NDArray quantized,
      long original) {
    NDArray moves = scope.run("fused.empty", rest, Math.min(SPREAD, inputs(rest)));
    Addresses at = new Addresses(scope, scales);
    long result = scope.address(quantized);
    Spread spread = new Spread(scope, rest, matrix, moves);
    for (int start = 0; start < inputs(rest); start += SPREAD) {
      int end = Math.min(inputs(rest), start + SPREAD);
      for (int first = start; first < end; first += BLOCK) {
        module.launch(
            kernel,
            new Blocks(Blocks.of(rows(rest), ROWS), batch(rest), 1),
            new Threads(ROWS, 1, COLUMNS),
            at.into(new KernelArguments().add(spread.rest).add(spread.matrix))
                .add(result)
                .add(spread.moves)
                .addUnlessNone(original)
                .add(inputs(rest))
                .add(rows(rest))
                .add(groups(scales))
                .add(first)
                .add(inputs(moves))
                .add(first - start)
                .add(numbers));
        int next = Math.min(end, first + BLOCK);
        spread.over(first - start, first, next - first, next, end);
      }
      spread.over(0, start, end - start, end, inputs(rest));
    }
    moves.close();
  }

  /** Refits the scales of one group after another; Q, scales and residual move with them. */
  void refit(
      TensorScope scope,
      NDArray quantized,
      NDArray residual,
      NDArray hessian,
      NDArray scale,
      NDArray outer) {
    int size = Math.toIntExact(grid.groupSize());
    int all = inputs(quantized) / size;
    int together = Math.min(Math.min(all, REFITTED_TOGETHER), Math.max(1, SPREAD / size));
    NDArray steps = scope.run("fused.empty", quantized, together * size);
    NDArray pulls = scope.run("fused.empty", quantized, together * (together + 1) / 2);
    long weights = scope.address(quantized);
    long scales = scope.address(scale);
    long outers = scope.address(outer);
    long pull = scope.address(pulls);
    Spread spread = new Spread(scope, residual, hessian, steps);
    for (int group = 0; group < all; group += together) {
      int count = Math.min(together, all - group);
      int pairs = count * (count + 1) / 2;
      boolean wide = (inputs(quantized) | rows(quantized) | size) % 4 == 0;
      module.launch(
          gram(size, wide),
          new Blocks(Blocks.of(rows(quantized), TILE), pairs, batch(quantized)),
          multiplies(size) ? new Threads(128, 1, SLICES) : Threads.of(256),
          new KernelArguments()
              .add(weights)
              .add(spread.matrix)
              .add(scales)
              .add(pull)
              .add(inputs(quantized))
              .add(rows(quantized))
              .add(all)
              .add(pairs)
              .add(group)
              .add(size));
      module.launch(
          "refit",
          new Blocks(Blocks.of(rows(quantized), REFITTED), batch(quantized), 1),
          Threads.of(256),
          new KernelArguments()
              .add(weights)
              .add(spread.rest)
              .add(pull)
              .add(scales)
              .add(outers)
              .add(spread.moves)
              .add(inputs(quantized))
              .add(rows(quantized))
              .add(all)
              .add(group)
              .add(count)
              .add(numbers));
      spread.withMost(count * size).over(0, group * size, count * size, 0, inputs(quantized));
    }
    steps.close();
    pulls.close();
  }

  // Whether what groups of a size have in common is multiplied on tensor cores.
  private boolean multiplies(int size) {
    return reduced && size >= TILE;
  }

  // As many inputs of a group at once as it has, if that is a fraction of a tile.
  private String gram(int size, boolean wide) {
    if (multiplies(size)) {
      return wide ? "gram_tf32_wide" : "gram_tf32";
    }
    return size <= 16 ? "gram_16" : size <= 32 ? "gram_32" : size <= 64 ? "gram_64" : "gram_128";
  }

  /**
   * -M X of a batch, M [B, K, K] symmetric and X [B, K, R], in one launch: of few outputs a library
   * takes as long for each element.
   */
  NDArray negativeProduct(TensorScope scope, NDArray matrix, NDArray x) {
    NDArray product = scope.run("fused.zeros", x);
    new Spread(scope, product, matrix, x).over(0, 0, inputs(x), 0, inputs(x));
    return product;
  }

  /** What moves of some inputs take from rows of an array [B, K, R], by a matrix [B, K, K]. */
  private final class Spread {

    private final long rest;
    private final long matrix;
    private final long moves;
    private final NDArray shape;
    private final int most;

    Spread(TensorScope scope, NDArray rest, NDArray matrix, NDArray moves) {
      this(scope.address(rest), scope.address(matrix), scope.address(moves), rest, inputs(moves));
    }

    private Spread(long rest, long matrix, long moves, NDArray shape, int most) {
      this.rest = rest;
      this.matrix = matrix;
      this.moves = moves;
      this.shape = shape;
      this.most = most;
    }

    /** The same of moves [B, most, R]. */
    Spread withMost(int most) {
      return new Spread(rest, matrix, moves, shape, most);
    }

    /** Moves {@code at..at+count-1}, of inputs from {@code first} on, over rows from..to-1. */
    void over(int at, int first, int count, int from, int to) {
      if (to > from) {
        module.launch(
            kernel(from, to),
            new Blocks(Blocks.of(rows(shape), TILE), Blocks.of(to - from, TILE), batch(shape)),
            reduced ? new Threads(128, 1, SLICES) : Threads.of(256),
            new KernelArguments()
                .add(rest)
                .add(matrix)
                .add(moves)
                .add(inputs(shape))
                .add(rows(shape))
                .add(most)
                .add(at)
                .add(first)
                .add(count)
                .add(from)
                .add(to));
      }
    }

    private String kernel(int from, int to) {
      boolean fours = (inputs(shape) | rows(shape) | from | to) % 4 == 0;
      return reduced ? fours ? "update_tf32_wide" : "update_tf32" : "update";
    }
  }

  /** Q [B, K, R] as rows from {@code first} on of weight and codes [B, all rows, K]. */
  void store(
      TensorScope scope,
      NDArray quantized,
      Scales scales,
      NDArray weight,
      NDArray codes,
      long first) {
    long all = weight.getShape().get(1);
    module.launch(
        "store",
        new Blocks(
            Blocks.of(rows(quantized), STORED),
            Blocks.of(inputs(quantized), STORED),
            batch(quantized)),
        new Threads(STORED, 8, 0),
        new KernelArguments()
            .add(scope.address(quantized))
            .add(scope.address(scales.scale()))
            .add(scope.address(scales.zero()))
            .add(scope.address(weight))
            .add(scope.address(codes))
            .add(inputs(quantized))
            .add(rows(quantized))
            .add(groups(scales))
            .add(all * inputs(quantized))
            .add(Math.toIntExact(first))
            .add(numbers));
  }

  /** Where scales lie. */
  private record Addresses(long scale, long zero, long groups) {

    Addresses(TensorScope scope, Scales scales) {
      this(
          scope.address(scales.scale()),
          scope.address(scales.zero()),
          scope.address(scales.groups()));
    }

    KernelArguments into(KernelArguments arguments) {
      return arguments.add(scale).add(zero).add(groups);
    }
  }

  private static int batch(NDArray transposed) {
    return Math.toIntExact(transposed.getShape().get(0));
  }

  private static int inputs(NDArray transposed) {
    return Math.toIntExact(transposed.getShape().get(1));
  }

  private static int rows(NDArray transposed) {
    return Math.toIntExact(transposed.getShape().get(2));
  }

  private static int groups(Scales scales) {
    return Math.toIntExact(scales.scale().getShape().get(1));
  }

  // The source's Grid.
  private static ByteBuffer numbers(WeightGrid grid) {
    int top = Math.getExponent((float) grid.greatest());
    int exponents = top - grid.leastExponent() + 2;
    int exponentBits = grid.floating() ? 32 - Integer.numberOfLeadingZeros(exponents - 1) : 0;
    return ByteBuffer.allocate(7 * Integer.BYTES)
        .order(ByteOrder.nativeOrder())
        .putFloat((float) grid.least())
        .putFloat((float) grid.greatest())
        .putInt(grid.mantissaBits())
        .putInt(grid.leastExponent())
        .putInt(exponentBits)
        .putInt(Math.toIntExact(grid.groupSize()))
        .putInt(grid.scaleDtype().number())
        .flip();
  }
}
