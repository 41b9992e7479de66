package org.alphaquant.gptq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.Random;
import org.alphaquant.format.WeightGrid;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.alphaquant.torch.TorchDtype;
import org.junit.jupiter.api.Test;

class SolverKernelTest {

  private static final double[] INT4 =
      new WeightGrid(false, -8, 7, 0, 0, 16, 0, TorchDtype.FLOAT32, true, false, null, false)
          .numbers();

  @Test
  void errorFeedbackFollowsThePaperColumnByColumn() {
    int inputs = 48;
    int outputs = 5;
    Random random = new Random(1);
    double[][] weight = gaussian(random, outputs, inputs);
    double[][] hessian = covariance(random, inputs, 200);
    try (Torch torch = Torch.open("cpu");
        TensorScope scope = torch.scope("test")) {
      NDArray w = scope.floats(flat(weight), 1, outputs, inputs);
      NDArray h = scope.floats(flat(hessian), 1, inputs, inputs);
      NDArray outer = scope.floats(new float[] {1}, 1);
      NDArray alike = scope.run("scales.importance", h, false);
      NDList scales = scope.runAll("scales.search", w, alike, INT4, 1, outer, outputs);
      NDList solved =
          scope.runAll(
              "solver.solve",
              w,
              h,
              scales.get(0),
              scales.get(1),
              outer,
              INT4,
              scope.floats(new float[] {0.01f}, 1),
              scope.floats(new float[1], 1),
              16,
              false,
              0,
              false,
              2);
      float[] q = scope.toFloats(solved.get(0));
      float[] s = scope.toFloats(scales.get(0));
      double[][] expected = PaperGptq.quantize(weight, hessian, s, 16, 0.01);
      for (int r = 0; r < outputs; r++) {
        for (int k = 0; k < inputs; k++) {
          assertThat((double) q[r * inputs + k]).isCloseTo(expected[r][k], within(1e-4));
        }
      }
    }
  }

  static double[][] gaussian(Random random, int rows, int columns) {
    double[][] values = new double[rows][columns];
    for (double[] row : values) {
      for (int i = 0; i < columns; i++) {
        row[i] = (float) random.nextGaussian();
      }
    }
    return values;
  }

  static double[][] covariance(Random random, int size, int samples) {
    double[][] mixing = gaussian(random, size, size);
    double[][] sum = new double[size][size];
    for (int n = 0; n < samples; n++) {
      double[] x = new double[size];
      for (int k = 0; k < size; k++) {
        double z = random.nextGaussian() / (1 + 0.2 * k);
        for (int i = 0; i < size; i++) {
          x[i] += mixing[i][k] * z;
        }
      }
      for (int i = 0; i < size; i++) {
        for (int j = 0; j < size; j++) {
          sum[i][j] += x[i] * x[j];
        }
      }
    }
    return sum;
  }

  static float[] flat(double[][] matrix) {
    float[] values = new float[matrix.length * matrix[0].length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) matrix[i / matrix[0].length][i % matrix[0].length];
    }
    return values;
  }
}
