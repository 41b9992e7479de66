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
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The solver's two-level scales against the file's bytes and llama.cpp's own quantizer. */
class KQuantSolverTest {

  private static final int ROWS = 32;
  private static final int COLUMNS = 512;

  @ParameterizedTest
  @ValueSource(strings = {"q2_k", "q3_k", "q4_k", "q5_k", "q6_k"})
  void theBytesHoldTheSolutionExactlyAndItsErrorIsBelowTheEnginesOwn(String name) {
    TensorScheme scheme = scheme(name);
    WeightGrid grid = WeightGrid.of(scheme, COLUMNS, TorchDtype.FLOAT16);
    Random random = new Random(3);
    float[] weight = weight(random);
    float[] hessian = hessian(random);
    GgufType type = GgufType.valueOf(name.toUpperCase(java.util.Locale.ROOT));
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
      assertThat(GgufBlocks.decode(type, bytes)).isEqualTo(solved);

      double own = error(weight, solved, hessian);
      Optional<Engine> engine = Engine.start();
      Assumptions.assumeTrue(engine.isPresent());
      try (Engine llama = engine.get()) {
        float[] diagonal = new float[COLUMNS];
        for (int i = 0; i < COLUMNS; i++) {
          diagonal[i] = hessian[i * COLUMNS + i];
        }
        for (float[] importance : new float[][] {null, diagonal}) {
          byte[] theirs = llama.quantize(type.id(), weight, COLUMNS, bytes.remaining(), importance);
          float[] decoded = GgufBlocks.decode(type, ByteBuffer.wrap(theirs));
          assertThat(own).isLessThan(error(weight, decoded, hessian));
        }
      }
    }
  }

  private static TensorScheme scheme(String name) {
    NumberFormat format = NumberFormat.named(name).orElseThrow();
    return TensorScheme.of(format, format.blockSize());
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
