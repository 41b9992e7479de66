package org.alphaquant.gptq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.format.WeightGrid;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.alphaquant.torch.TorchDtype;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GptqSolverTest {

  private static final int ROWS = 12;
  private static final int INPUTS = 64;
  private static final GptqOptions PLAIN = new GptqOptions(0.01, 16, false, 0, 48);

  private static Torch torch;

  @BeforeAll
  static void open() {
    torch = Torch.open("cpu");
  }

  @AfterAll
  static void close() {
    torch.close();
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.MATCH_NONE,
      names = {"BF16", "Q._K"})
  void errorFeedbackBeatsPlainRoundingInEveryFormat(NumberFormat format) {
    try (TensorScope scope = torch.scope("test")) {
      Solution solution =
          new GptqSolver(PLAIN)
              .solve(scope, weight(scope, 1), hessian(scope, 1), grid(format, true), ROWS);
      assertThat(sum(solution.error())).isLessThan(sum(solution.roundingError()));
      assertThat(sum(solution.roundingError())).isLessThan(sum(solution.energy()));
    }
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.MATCH_NONE,
      names = {"BF16", "Q._K"})
  void codesAndScalesGiveTheQuantizedWeightBack(NumberFormat format) {
    try (TensorScope scope = torch.scope("test")) {
      boolean symmetric = !format.canBeAsymmetric();
      WeightGrid grid = grid(format, symmetric);
      Solution solution =
          new GptqSolver(PLAIN).solve(scope, weight(scope, 1), hessian(scope, 1), grid, ROWS);
      NDArray back =
          scope.run(
              "format.dequantize",
              solution.codes(),
              solution.scale(),
              solution.zero(),
              grid.numbers());
      // Within nothing: zeros of either sign are the same weight.
      assertThat(scope.toFloats(back))
          .containsExactly(scope.toFloats(solution.weight()), within(0f));
    }
  }

  @Test
  void aBatchIsSolvedAsItsElementsAre() {
    try (TensorScope scope = torch.scope("test")) {
      NDArray weight = weight(scope, 3);
      NDArray hessian = hessian(scope, 3);
      WeightGrid grid = grid(NumberFormat.INT4, true);
      GptqSolver solver = new GptqSolver(new GptqOptions(0.01, 16, true, 1, 8));
      float[] batch = scope.toFloats(solver.solve(scope, weight, hessian, grid, ROWS).weight());
      for (long b = 0; b < 3; b++) {
        NDArray one = scope.run("tensor.select", weight, new long[] {b});
        NDArray its = scope.run("tensor.select", hessian, new long[] {b});
        float[] alone = scope.toFloats(solver.solve(scope, one, its, grid, ROWS).weight());
        int size = ROWS * INPUTS;
        float[] part = Arrays.copyOfRange(batch, (int) b * size, (int) (b + 1) * size);
        assertThat(part).containsExactly(alone, within(1e-5f));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"INT4", "MXFP4", "NVFP4"})
  void howManyRowsAreSolvedAtOnceChangesNothing(NumberFormat format) {
    try (TensorScope scope = torch.scope("test")) {
      GptqSolver solver = new GptqSolver(new GptqOptions(0.01, 16, true, 1, 8));
      WeightGrid grid = grid(format, true);
      Solution all = solver.solve(scope, weight(scope, 2), hessian(scope, 2), grid, ROWS);
      Solution few = solver.solve(scope, weight(scope, 2), hessian(scope, 2), grid, 5);
      assertThat(scope.toLongs(few.codes())).isEqualTo(scope.toLongs(all.codes()));
      assertThat(scope.toFloats(few.scale())).isEqualTo(scope.toFloats(all.scale()));
      assertThat(sum(few.error())).isCloseTo(sum(all.error()), within(sum(all.error()) * 1e-4));
    }
  }

  @Test
  void anElementThatNoInputReachedIsRoundedPlainlyAndSaysSo() {
    try (TensorScope scope = torch.scope("test")) {
      float[] values = scope.toFloats(hessian(scope, 2));
      Arrays.fill(values, 0, INPUTS * INPUTS, 0);
      NDArray hessian = scope.floats(values, 2, INPUTS, INPUTS);
      WeightGrid grid = grid(NumberFormat.INT4, true);
      Solution solution = new GptqSolver(PLAIN).solve(scope, weight(scope, 2), hessian, grid, ROWS);
      assertThat(solution.damp()).containsExactly(-1f, 0.01f);
      Solution nearest = new GptqSolver(PLAIN).round(scope, weight(scope, 2), grid, ROWS);
      int size = ROWS * INPUTS;
      assertThat(Arrays.copyOf(scope.toFloats(solution.weight()), size))
          .isEqualTo(Arrays.copyOf(scope.toFloats(nearest.weight()), size));
    }
  }

  @Test
  void aDampingTooSmallForFloat32IsRaisedLikeAnyOther() {
    try (TensorScope scope = torch.scope("test")) {
      float[] values = new float[INPUTS * INPUTS];
      Arrays.fill(values, 1);
      Solution solution =
          new GptqSolver(new GptqOptions(1e-300, 16, false, 0, 1))
              .solve(
                  scope,
                  weight(scope, 1),
                  scope.floats(values, 1, INPUTS, INPUTS),
                  grid(NumberFormat.INT4, true),
                  ROWS);
      assertThat(solution.damp()[0]).isPositive();
    }
  }

  @Test
  void eachElementTakesTheDampingThatServesTokensHeldOutBest() {
    GptqOptions choosing =
        new GptqOptions(List.of(0.01, 1.0), 16, ColumnOrder.NATURAL, 0, 8, false, false);
    int[] seen = {INPUTS / 2, 40 * INPUTS};
    float[] all = new float[0];
    float[] heldOut = new float[0];
    for (int tokens : seen) {
      float[] own = sums(tokens);
      float[] more = sums(tokens + 1000);
      float[] others = new float[own.length];
      for (int i = 0; i < own.length; i++) {
        others[i] = more[i] - own[i];
      }
      all = joined(all, more);
      heldOut = joined(heldOut, others);
    }
    try (TensorScope scope = torch.scope("test")) {
      Solution solution =
          new GptqSolver(choosing)
              .solve(
                  scope,
                  weight(scope, 2),
                  scope.floats(all, 2, INPUTS, INPUTS),
                  scope.floats(heldOut, 2, INPUTS, INPUTS),
                  grid(NumberFormat.INT4, true),
                  ROWS,
                  Sharing.ALONE);
      assertThat(solution.damp()).containsExactly(1f, 0.01f);
    }
  }

  // Of the first so many tokens of one distribution.
  private static float[] sums(int tokens) {
    return SolverKernelTest.flat(SolverKernelTest.covariance(new Random(3), INPUTS, tokens));
  }

  private static float[] joined(float[] first, float[] second) {
    float[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  @ParameterizedTest
  @EnumSource(names = {"INT3", "INT4"})
  void scalesThatAreFittedToTheCodesLowerTheErrorAndStayStorable(NumberFormat format) {
    try (TensorScope scope = torch.scope("test")) {
      WeightGrid grid = grid(format, true);
      GptqOptions kept = new GptqOptions(0.01, 16, true, 2, 48);
      GptqOptions fitted =
          new GptqOptions(List.of(0.01), 16, ColumnOrder.ACTIVATION, 2, 48, false, true);
      NDArray weight = weight(scope, 2);
      NDArray hessian = hessian(scope, 2);
      Solution without = new GptqSolver(kept).solve(scope, weight, hessian, grid, ROWS);
      Solution with = new GptqSolver(fitted).solve(scope, weight, hessian, grid, 5);
      assertThat(sum(with.error())).isLessThan(sum(without.error()));
      NDArray back =
          scope.run("format.dequantize", with.codes(), with.scale(), with.zero(), grid.numbers());
      assertThat(scope.toFloats(back)).containsExactly(scope.toFloats(with.weight()), within(0f));
      int dtype = TorchDtype.BFLOAT16.number();
      assertThat(scope.toFloats(scope.run("tensor.rounded", with.scale(), dtype)))
          .isEqualTo(scope.toFloats(with.scale()));
    }
  }

  @Test
  void sweepsOfCoordinateDescentOnlyLowerTheError() {
    try (TensorScope scope = torch.scope("test")) {
      double last = Double.MAX_VALUE;
      for (int sweeps = 0; sweeps < 4; sweeps++) {
        GptqOptions options = new GptqOptions(0.0001, 16, false, sweeps, 8);
        Solution solution =
            new GptqSolver(options)
                .solve(
                    scope,
                    weight(scope, 1),
                    hessian(scope, 1),
                    grid(NumberFormat.INT3, true),
                    ROWS);
        assertThat(sum(solution.error())).isLessThan(last * 1.001);
        last = sum(solution.error());
      }
    }
  }

  @Test
  void dampingGrowsOnlyForTheElementThatNeedsIt() {
    try (TensorScope scope = torch.scope("test")) {
      float[] values = scope.toFloats(hessian(scope, 3));
      int size = INPUTS * INPUTS;
      // One large negative eigenvalue: no Hessian, but one that damping can lift.
      for (int i = 0; i < INPUTS; i++) {
        for (int j = 0; j < INPUTS; j++) {
          values[size + i * INPUTS + j] = i == j ? 1 : -0.05f;
        }
      }
      Solution solution =
          new GptqSolver(PLAIN)
              .solve(
                  scope,
                  weight(scope, 3),
                  scope.floats(values, 3, INPUTS, INPUTS),
                  grid(NumberFormat.INT4, true),
                  ROWS);
      assertThat(solution.damp()[0]).isEqualTo(0.01f);
      assertThat(solution.damp()[1]).isGreaterThan(0.5f);
      assertThat(solution.damp()[2]).isEqualTo(0.01f);
    }
  }

  @Test
  void aHessianThatNoDampingHelpsLeavesItsElementToPlainRoundingAndSaysSo() {
    try (TensorScope scope = torch.scope("test")) {
      float[] values = scope.toFloats(hessian(scope, 2));
      values[5] = Float.NaN;
      NDArray hessian = scope.floats(values, 2, INPUTS, INPUTS);
      WeightGrid grid = grid(NumberFormat.INT4, true);
      Solution solution = new GptqSolver(PLAIN).solve(scope, weight(scope, 2), hessian, grid, ROWS);
      assertThat(solution.damp()).containsExactly(-1f, 0.01f);
      float[] quantized = scope.toFloats(solution.weight());
      float[] original = scope.toFloats(weight(scope, 2));
      float[] scale = scope.toFloats(solution.scale());
      for (int i = 0; i < ROWS * INPUTS; i++) {
        float s = scale[i / 32];
        float rounded = Math.max(-8, Math.min(7, (float) Math.rint(original[i] / s))) * s;
        assertThat(quantized[i]).isEqualTo(rounded);
      }
    }
  }

  @Test
  void nativeMemoryDoesNotGrowOverAThousandSolves() throws IOException {
    GptqSolver solver = new GptqSolver(new GptqOptions(0.01, 16, true, 0, 1));
    solveOften(solver, 300);
    long before = residentBytes();
    solveOften(solver, 1000);
    assertThat(residentBytes() - before).isLessThan(150L << 20);
  }

  private static void solveOften(GptqSolver solver, int times) {
    TensorScheme scheme = new TensorScheme(NumberFormat.INT4, 8, true, NumberFormat.BF16);
    WeightGrid grid = WeightGrid.of(scheme, 8, TorchDtype.BFLOAT16);
    float[] identity = new float[64];
    for (int i = 0; i < 64; i += 9) {
      identity[i] = 1;
    }
    float[] weight = new float[8 * 2048];
    Arrays.fill(weight, 0.7f);
    for (int i = 0; i < times; i++) {
      try (TensorScope scope = torch.scope("test")) {
        NDArray rows = scope.floats(weight, 1, 2048, 8);
        solver.solve(scope, rows, scope.floats(identity, 1, 8, 8), grid, 2048);
      }
    }
  }

  // A solve of this size takes 600 kB at least, so 1,000 that leaked would be 600 MB.
  private static long residentBytes() throws IOException {
    System.gc();
    String pages = Files.readString(Path.of("/proc/self/statm")).split(" ")[1];
    return Long.parseLong(pages) * 4096;
  }

  private static WeightGrid grid(NumberFormat format, boolean symmetric) {
    int group = format.blockSize() > 0 ? format.blockSize() : 32;
    TensorScheme scheme = new TensorScheme(format, group, symmetric, NumberFormat.BF16);
    return WeightGrid.of(scheme, INPUTS, TorchDtype.BFLOAT16);
  }

  private static NDArray weight(TensorScope scope, int batch) {
    Random random = new Random(3);
    float[] values = new float[batch * ROWS * INPUTS];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return scope.floats(values, batch, ROWS, INPUTS);
  }

  private static NDArray hessian(TensorScope scope, int batch) {
    float[] values = new float[batch * INPUTS * INPUTS];
    for (int b = 0; b < batch; b++) {
      Random random = new Random(b);
      double[][] sum = SolverKernelTest.covariance(random, INPUTS, 128);
      System.arraycopy(SolverKernelTest.flat(sum), 0, values, b * INPUTS * INPUTS, INPUTS * INPUTS);
    }
    return scope.floats(values, batch, INPUTS, INPUTS);
  }

  private static double sum(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += value;
    }
    return sum;
  }
}
