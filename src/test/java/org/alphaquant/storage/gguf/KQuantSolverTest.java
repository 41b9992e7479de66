package org.alphaquant.storage.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.Random;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.format.WeightGrid;
import org.alphaquant.gptq.GptqOptions;
import org.alphaquant.gptq.GptqSolver;
import org.alphaquant.gptq.Solution;
import org.alphaquant.llamacpp.Engine;
import org.alphaquant.storage.Plane;
import org.alphaquant.storage.QuantizedBatch;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.alphaquant.torch.TorchDtype;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The solver's scales, of two levels and of either sign, against the file's bytes and llama.cpp's
 * own quantizer.
 */
class KQuantSolverTest {

  private static final int ROWS = 32;
  private static final int COLUMNS = 512;
  private static final Optional<Engine> ENGINE = Engine.start();

  @AfterAll
  static void end() {
    ENGINE.ifPresent(Engine::close);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"q2_k", "q3_k", "q4_k", "q5_k", "q6_k", "int4", "int5", "iq4_nl", "nvfp4"})
  void theBytesHoldTheSolutionExactlyAndItsErrorIsBelowTheEnginesOwn(String name) {
    TensorScheme scheme = scheme(name);
    WeightGrid grid = new GgufStorage(null).grid(scheme, COLUMNS, Dtype.BF16);
    Random random = new Random(3);
    float[] weight = weight(random);
    float[] hessian = hessian(random);
    GgufType type = GgufScheme.type(scheme).orElseThrow();
    try (Torch torch = Torch.open("cpu");
        TensorScope scope = torch.scope("test")) {
      NDArray w = scope.floats(weight, 1, ROWS, COLUMNS);
      NDArray h = scope.floats(hessian, 1, COLUMNS, COLUMNS);
      GptqOptions options = GptqOptions.defaults();
      Solution solution = new GptqSolver(options).solve(scope, w, h, grid, 20);
      float[] solved = scope.toFloats(solution.weight());
      QuantizedBatch batch =
          new QuantizedBatch(
              solution.weight(),
              solution.codes(),
              solution.scale(),
              solution.zero(),
              solution.outer(),
              null);
      Plane plane = new GgufCodec(type).planes(scheme, ROWS, COLUMNS, Dtype.BF16).get(0);
      ByteBuffer bytes = scope.toBytes(plane.encoding().encode(scope, batch));
      // A negative zero is a zero.
      assertThat(GgufBlocks.decode(type, bytes))
          .usingElementComparator(KQuantSolverTest::apart)
          .containsExactly(solved);

      double own = error(weight, solved, hessian);
      Assumptions.assumeTrue(ENGINE.isPresent());
      float[] diagonal = new float[COLUMNS];
      for (int i = 0; i < COLUMNS; i++) {
        diagonal[i] = hessian[i * COLUMNS + i];
      }
      for (float[] importance : new float[][] {null, diagonal}) {
        byte[] theirs =
            ENGINE.get().quantize(type.id(), weight, COLUMNS, bytes.remaining(), importance);
        float[] decoded = GgufBlocks.decode(type, ByteBuffer.wrap(theirs));
        assertThat(own).isLessThan(error(weight, decoded, hessian));
      }
    }
  }

  private static int signs(float a, float b) {
    return Float.compare(Math.signum(a), Math.signum(b));
  }

  private static int apart(float a, float b) {
    return Float.compare(a + 0.0f, b + 0.0f);
  }

  /** Half of the groups reach further up than down, where such a grid does not. */
  @ParameterizedTest
  @ValueSource(strings = {"int4", "int5", "iq4_nl"})
  void scalesOfEitherSignLeaveLessError(String name) {
    WeightGrid positive = WeightGrid.of(scheme(name), COLUMNS, TorchDtype.FLOAT16);
    Random random = new Random(3);
    float[] weight = weight(random);
    float[] hessian = hessian(random);
    try (Torch torch = Torch.open("cpu");
        TensorScope scope = torch.scope("test")) {
      NDArray w = scope.floats(weight, 1, ROWS, COLUMNS);
      NDArray h = scope.floats(hessian, 1, COLUMNS, COLUMNS);
      GptqSolver solver = new GptqSolver(GptqOptions.defaults());
      double of = error(weight, solved(scope, solver.solve(scope, w, h, positive, 20)), hessian);
      Solution either = solver.solve(scope, w, h, positive.withEitherSign(), 20);
      assertThat(error(weight, solved(scope, either), hessian)).isLessThan(0.95 * of);
      assertThat(scope.toFloats(either.scale()))
          .usingElementComparator(KQuantSolverTest::signs)
          .contains(-1, 1);
    }
  }

  /** Local scales of small weights are below what E4M3 holds well. */
  @ParameterizedTest
  @CsvSource({"1, 0.99", "0.25, 0.8"})
  void aScaleOfTheWholeTensorLeavesLessErrorInNvfp4(float size, double limit) {
    Random random = new Random(3);
    float[] weight = weight(random);
    for (int i = 0; i < weight.length; i++) {
      weight[i] *= size;
    }
    float[] hessian = hessian(random);
    try (Torch torch = Torch.open("cpu");
        TensorScope scope = torch.scope("test")) {
      double[] errors = new double[2];
      for (int outer = 0; outer < 2; outer++) {
        WeightGrid grid =
            new GgufStorage(null, outer == 1).grid(scheme("nvfp4"), COLUMNS, Dtype.BF16);
        Solution solution =
            new GptqSolver(GptqOptions.defaults())
                .solve(
                    scope,
                    scope.floats(weight, 1, ROWS, COLUMNS),
                    scope.floats(hessian, 1, COLUMNS, COLUMNS),
                    grid,
                    20);
        errors[outer] = error(weight, solved(scope, solution), hessian);
      }
      System.out.printf("NVFP4 of weights x %s: %s%n", size, errors[1] / errors[0]);
      assertThat(errors[1]).isLessThan(limit * errors[0]);
    }
  }

  private static float[] solved(TensorScope scope, Solution solution) {
    return scope.toFloats(solution.weight());
  }

  private static TensorScheme scheme(String name) {
    NumberFormat format = NumberFormat.named(name).orElseThrow();
    return TensorScheme.of(format, format.blockSize() == 0 ? 32 : format.blockSize());
  }

  private static float[] weight(Random random) {
    float[] weight = new float[ROWS * COLUMNS];
    for (int i = 0; i < weight.length; i++) {
      weight[i] = (float) (random.nextGaussian() * 0.02 * (i / 64 % 5 == 0 ? 3 : 1));
    }
    java.util.Arrays.fill(weight, 0, 300, 0f);
    return weight;
  }

  private static float[] hessian(Random random) {
    int samples = 3 * COLUMNS;
    float[][] x = new float[samples][COLUMNS];
    for (float[] row : x) {
      double common = random.nextGaussian();
      for (int i = 0; i < COLUMNS; i++) {
        row[i] = (float) ((random.nextGaussian() + common) * (1 + i % 7));
      }
    }
    float[] hessian = new float[COLUMNS * COLUMNS];
    for (float[] row : x) {
      for (int i = 0; i < COLUMNS; i++) {
        for (int j = 0; j < COLUMNS; j++) {
          hessian[i * COLUMNS + j] += row[i] * row[j];
        }
      }
    }
    return hessian;
  }

  private static double error(float[] weight, float[] other, float[] hessian) {
    double sum = 0;
    for (int r = 0; r < ROWS; r++) {
      for (int i = 0; i < COLUMNS; i++) {
        double e = weight[r * COLUMNS + i] - other[r * COLUMNS + i];
        double row = 0;
        for (int j = 0; j < COLUMNS; j++) {
          row += hessian[i * COLUMNS + j] * (weight[r * COLUMNS + j] - other[r * COLUMNS + j]);
        }
        sum += e * row;
      }
    }
    return sum;
  }
}
