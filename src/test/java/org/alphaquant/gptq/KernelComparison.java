package org.alphaquant.gptq;

import ai.djl.ndarray.NDArray;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.alphaquant.architecture.Precision;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.format.WeightGrid;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.alphaquant.torch.TorchDtype;

/**
 * Solves the same problems by the scripts and by the fused kernels and says how far they agree.
 * {@code main} takes a device, prints a line for each case and fails if one disagrees; {@code
 * large} as a further argument adds the shapes of a large model, with times, and {@code tf32} has
 * products rounded.
 */
final class KernelComparison {

  private static final GptqOptions DEFAULTS = GptqOptions.defaults();

  // Dampings and orders tried on tokens held out, which half of the Hessian is of.
  private static final GptqOptions TRIED =
      new GptqOptions(List.of(0.01, 0.03, 0.1), 128, ColumnOrder.AUTO, 2, 48, false, true);

  private KernelComparison() {}

  /**
   * A problem: so many linears of a shape, in a format.
   *
   * @param eitherSign with scales that may be below zero
   * @param gguf with scales as GGUF's types have them: minima in place of zero points, none of the
   *     whole tensor
   */
  record Case(
      NumberFormat format,
      int group,
      boolean symmetric,
      GptqOptions options,
      long batch,
      long rows,
      long inputs,
      boolean eitherSign,
      boolean gguf) {

    Case(
        NumberFormat format,
        int group,
        boolean symmetric,
        GptqOptions options,
        long batch,
        long rows,
        long inputs) {
      this(format, group, symmetric, options, batch, rows, inputs, false, false);
    }

    WeightGrid grid() {
      TensorScheme scheme = new TensorScheme(format, group, symmetric, NumberFormat.BF16);
      WeightGrid grid =
          WeightGrid.of(scheme, inputs, gguf ? TorchDtype.FLOAT16 : TorchDtype.BFLOAT16);
      grid = gguf ? grid.withMinima().withoutOuterScale() : grid;
      return eitherSign ? grid.withEitherSign() : grid;
    }
  }

  /**
   * How far two solutions agree.
   *
   * @param scales part of the scales that are the same
   * @param codes the same of the codes
   * @param errors error of the kernels' solution over that of the scripts'
   */
  record Agreement(
      double scales, double codes, double errors, double scriptMillis, double kernelMillis) {

    boolean holds() {
      return scales > 0.995 && codes > 0.98 && Math.abs(errors - 1) < 0.01;
    }
  }

  /** Every kind of grid, group size, option and remainder. */
  static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    cases.add(new Case(NumberFormat.INT4, 64, true, TRIED, 3, 96, 256));
    cases.add(new Case(NumberFormat.INT4, 64, true, TRIED, 20, 1024, 1024));
    for (NumberFormat format : NumberFormat.values()) {
      if (!format.isUnquantized()) {
        int group = format.blockSize() > 0 ? format.blockSize() : 64;
        cases.add(new Case(format, group, true, DEFAULTS, 3, 96, 256));
      }
    }
    cases.add(new Case(NumberFormat.INT4, 32, true, DEFAULTS, 3, 96, 256, true, false));
    cases.add(new Case(NumberFormat.INT5, 32, true, DEFAULTS, 2, 100, 768, true, true));
    for (int group : new int[] {16, 32, 128, 256, TensorScheme.PER_CHANNEL}) {
      cases.add(new Case(NumberFormat.INT4, group, true, DEFAULTS, 2, 100, 768));
      cases.add(new Case(NumberFormat.INT4, group, false, DEFAULTS, 2, 100, 768));
    }
    for (boolean order : new boolean[] {true, false}) {
      GptqOptions refit =
          new GptqOptions(
              List.of(0.01),
              128,
              order ? ColumnOrder.ACTIVATION : ColumnOrder.NATURAL,
              2,
              48,
              true,
              true);
      for (NumberFormat format :
          List.of(
              NumberFormat.INT3, NumberFormat.FP8_E4M3, NumberFormat.NVFP4, NumberFormat.MXFP4)) {
        int group = format.blockSize() > 0 ? format.blockSize() : 32;
        cases.add(new Case(format, group, true, refit, 2, 130, 416));
      }
      cases.add(new Case(NumberFormat.INT4, 32, false, refit, 1, 33, 352));
      for (NumberFormat format : NumberFormat.values()) {
        if (format.levels().isPresent()) {
          cases.add(new Case(format, format.blockSize(), true, refit, 2, 130, 768, false, true));
        }
      }
      cases.add(new Case(NumberFormat.INT4, 32, false, refit, 2, 130, 416, false, true));
      cases.add(new Case(NumberFormat.NVFP4, 16, true, refit, 2, 130, 416, false, true));
    }
    cases.add(
        new Case(NumberFormat.INT4, 96, true, new GptqOptions(0.01, 128, false, 0, 1), 2, 31, 96));
    return cases;
  }

  static Agreement of(Torch torch, Case problem) {
    return of(torch, problem, Precision.FLOAT32);
  }

  /** With products of both as asked for. */
  static Agreement of(Torch torch, Case problem, Precision precision) {
    try (TensorScope all = torch.scope("comparison");
        TensorScope scope = all.computing(precision)) {
      NDArray weight = weight(scope, problem);
      NDArray training = hessian(scope, problem);
      NDArray heldOut = problem.options() == TRIED ? hessian(scope, problem) : null;
      NDArray hessian = heldOut == null ? training : sum(scope, training, heldOut);
      Solution[] solved = new Solution[2];
      double[] millis = new double[2];
      for (int way = 0; way < 2; way++) {
        GptqSolver solver = new GptqSolver(problem.options(), way == 1);
        solve(solver, scope.child("warm-up"), weight, hessian, heldOut, problem);
        scope.awaitDevice();
        long start = System.nanoTime();
        solved[way] = solve(solver, scope, weight, hessian, heldOut, problem);
        scope.awaitDevice();
        millis[way] = (System.nanoTime() - start) / 1e6;
      }
      return new Agreement(
          same(scope.toFloats(solved[0].scale()), scope.toFloats(solved[1].scale())),
          same(scope.toBytes(solved[0].codes()), scope.toBytes(solved[1].codes())),
          sum(solved[1].error()) / sum(solved[0].error()),
          millis[0],
          millis[1]);
    }
  }

  private static Solution solve(
      GptqSolver solver,
      TensorScope scope,
      NDArray weight,
      NDArray hessian,
      NDArray heldOut,
      Case problem) {
    return solver.solve(
        scope, weight, hessian, heldOut, problem.grid(), problem.rows(), Sharing.ALONE);
  }

  private static NDArray sum(TensorScope scope, NDArray one, NDArray other) {
    return scope.run("trials.without", one, scope.run("linear.scale", other, -1.0));
  }

  private static NDArray weight(TensorScope scope, Case problem) {
    NDArray random = random(scope, problem.batch() * problem.rows(), problem.inputs());
    return scope.run(
        "tensor.reshape",
        scope.run("linear.scale", random, 0.02),
        new long[] {problem.batch(), problem.rows(), problem.inputs()});
  }

  private static NDArray hessian(TensorScope scope, Case problem) {
    long inputs = problem.inputs();
    NDArray all =
        scope.run(
            "tensor.reshape",
            random(scope, problem.batch() * 2 * inputs, inputs),
            new long[] {problem.batch(), 2 * inputs, inputs});
    return scope.run("matrices.product", scope.run("tensor.swap", all), all);
  }

  private static NDArray random(TensorScope scope, long rows, long columns) {
    return scope.run("published.random", scope.floats(new float[1], 1), rows, columns);
  }

  private static double same(float[] one, float[] other) {
    return IntStream.range(0, one.length).filter(i -> one[i] == other[i]).count()
        / (double) one.length;
  }

  private static double same(ByteBuffer one, ByteBuffer other) {
    return IntStream.range(0, one.remaining()).filter(i -> one.get(i) == other.get(i)).count()
        / (double) one.remaining();
  }

  private static double sum(float[] values) {
    return IntStream.range(0, values.length).mapToDouble(i -> values[i]).sum();
  }

  public static void main(String[] arguments) {
    List<Case> cases = new ArrayList<>(cases());
    if (List.of(arguments).contains("large")) {
      cases.add(new Case(NumberFormat.INT4, 128, true, DEFAULTS, 64, 2048, 2048));
      cases.add(new Case(NumberFormat.INT4, 128, true, DEFAULTS, 64, 2048, 1024));
      cases.add(new Case(NumberFormat.INT4, 128, true, DEFAULTS, 1, 6144, 2048));
      cases.add(new Case(NumberFormat.NVFP4, 16, true, DEFAULTS, 64, 2048, 1024));
    }
    Precision precision = List.of(arguments).contains("tf32") ? Precision.TF32 : Precision.FLOAT32;
    boolean all = true;
    try (Torch torch = Torch.open(arguments[0])) {
      for (Case problem : cases) {
        Agreement agreement = of(torch, problem, precision);
        all &= agreement.holds();
        System.out.printf(
            "%s %s%s g%d%s %d x [%d, %d]%s%s: scales %.5f, codes %.5f, error %.6f; %.1f ms by scripts, %.1f by kernels%n",
            agreement.holds() ? "ok  " : "FAIL",
            problem.format().jsonName(),
            problem.gguf() ? " (gguf)" : "",
            problem.group(),
            problem.symmetric() ? "" : " asymmetric",
            problem.batch(),
            problem.rows(),
            problem.inputs(),
            problem.options().order() == ColumnOrder.NATURAL ? " in order" : "",
            problem.options().refit() ? " refit" : "",
            agreement.scales(),
            agreement.codes(),
            agreement.errors(),
            agreement.scriptMillis(),
            agreement.kernelMillis());
      }
    }
    System.exit(all ? 0 : 1);
  }
}
