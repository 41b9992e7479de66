package org.alphaquant.gptq;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.Random;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.format.WeightGrid;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.alphaquant.torch.TorchDtype;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two-level scales fitted to their codes, against all multiples tried in float64. */
class RefitTest {

  private static final int OUTPUTS = 6;
  private static final int INPUTS = 512;

  private static final Random RANDOM = new Random(5);
  private static final double[][] WEIGHT = SolverKernelTest.gaussian(RANDOM, OUTPUTS, INPUTS);
  private static final double[][] HESSIAN = SolverKernelTest.covariance(RANDOM, INPUTS, 900);

  private WeightGrid grid;

  @ParameterizedTest
  @ValueSource(strings = {"q2_k", "q3_k", "q4_k", "q5_k", "q6_k"})
  void everyGroupTakesTheMultiplesThatLowerTheObjectiveMost(String name) {
    NumberFormat format = NumberFormat.named(name).orElseThrow();
    grid = WeightGrid.of(TensorScheme.of(format, format.blockSize()), INPUTS, TorchDtype.FLOAT16);
    try (Torch torch = Torch.open("cpu");
        TensorScope scope = torch.scope("test")) {
      NDArray w = scope.floats(SolverKernelTest.flat(WEIGHT), 1, OUTPUTS, INPUTS);
      NDArray h = scope.floats(SolverKernelTest.flat(HESSIAN), 1, INPUTS, INPUTS);
      NDList scales =
          scope.runAll(
              "kquant.search",
              w,
              scope.run("scales.importance", h, true),
              grid.least(),
              grid.greatest(),
              grid.groupSize(),
              grid.levels().minima(),
              (double) grid.levels().least(),
              (double) grid.levels().most(),
              8,
              OUTPUTS);
      NDList rounded =
          scope.runAll("solver.nearest", w, scales.get(0), scales.get(1), grid.numbers(), OUTPUTS);
      NDArray columns = scope.run("fused.columns", w, 0, OUTPUTS);
      NDArray quantized = scope.run("fused.columns", rounded.get(0), 0, OUTPUTS);
      NDList fitted =
          scope.runAll(
              "gptq.refit",
              columns,
              quantized,
              h,
              scales.get(0),
              scales.get(1),
              scales.get(2),
              grid.numbers());
      Levels before = new Levels(scope, scales.get(0), scales.get(1), scales.get(2));
      Levels after = new Levels(scope, fitted.get(1), fitted.get(2), scales.get(2));
      float[] q = scope.toFloats(quantized);
      float[] refitted = scope.toFloats(fitted.get(0));
      for (int r = 0; r < OUTPUTS; r++) {
        follow(r, q, refitted, before, after);
      }
    }
  }

  /** Scales and minima of every group, and their units. */
  private final class Levels {
    private final float[] scale;
    private final float[] zero;
    private final float[] units;

    Levels(TensorScope scope, NDArray scale, NDArray zero, NDArray outer) {
      this.scale = scope.toFloats(scale);
      this.zero = scope.toFloats(zero);
      this.units = scope.toFloats(outer);
    }

    double scale(int r, int group) {
      return scale[r * groups() + group];
    }

    double minimum(int r, int group) {
      return -(double) zero[r * groups() + group] * scale(r, group);
    }

    double unit(int r, int group, int which) {
      int perPair = grid.levels().minima() ? 2 : 1;
      int block = r * INPUTS / 256 + group * size() / 256;
      return units[block * perPair + which];
    }
  }

  private int size() {
    return Math.toIntExact(grid.groupSize());
  }

  private int groups() {
    return INPUTS / size();
  }

  // One output: groups in turn, each from where the one before has left the error.
  private void follow(int r, float[] q, float[] refitted, Levels before, Levels after) {
    double[] error = new double[INPUTS];
    for (int i = 0; i < INPUTS; i++) {
      error[i] = WEIGHT[r][i] - q[i * OUTPUTS + r];
    }
    double start = objective(error);
    for (int group = 0; group < groups(); group++) {
      Quadratic gain = new Quadratic(error, r, group, q, before);
      double move = after.scale(r, group) - before.scale(r, group);
      double lift = after.minimum(r, group) - before.minimum(r, group);
      double taken = gain.of(move, lift);
      assertThat(taken).isLessThanOrEqualTo(1e-6 * start);
      assertThat(taken).isLessThanOrEqualTo(gain.best(r, group, before) + 1e-4 * start);
      gain.apply(error, move, lift);
      for (int i = group * size(); i < (group + 1) * size(); i++) {
        assertThat(WEIGHT[r][i] - refitted[i * OUTPUTS + r])
            .isCloseTo(error[i], org.assertj.core.api.Assertions.within(2e-5));
      }
    }
    assertThat(objective(error)).isLessThan(start);
  }

  private double objective(double[] error) {
    double sum = 0;
    for (int i = 0; i < INPUTS; i++) {
      for (int j = 0; j < INPUTS; j++) {
        sum += error[i] * HESSIAN[i][j] * error[j];
      }
    }
    return sum;
  }

  /** What the objective changes by when a group's scale and minimum move. */
  private final class Quadratic {
    private final int first;
    private final double[] codes = new double[size()];
    private double slope;
    private double lift;
    private double curvature;
    private double cross;
    private double flat;

    Quadratic(double[] error, int r, int group, float[] q, Levels before) {
      first = group * size();
      for (int i = 0; i < size(); i++) {
        double value = q[(first + i) * OUTPUTS + r] - before.minimum(r, group);
        codes[i] = Math.rint(value / before.scale(r, group));
      }
      for (int i = 0; i < size(); i++) {
        double residual = 0;
        for (int j = 0; j < INPUTS; j++) {
          residual += HESSIAN[first + i][j] * error[j];
        }
        slope += codes[i] * residual;
        lift += residual;
        for (int j = 0; j < size(); j++) {
          curvature += codes[i] * HESSIAN[first + i][first + j] * codes[j];
          cross += codes[i] * HESSIAN[first + i][first + j];
          flat += HESSIAN[first + i][first + j];
        }
      }
    }

    double of(double move, double up) {
      return move * (move * curvature - 2 * slope)
          + up * (up * flat - 2 * lift)
          + 2 * cross * move * up;
    }

    // Over all multiples that the file could hold.
    double best(int r, int group, Levels before) {
      boolean minima = grid.levels().minima();
      double best = 0;
      for (int n = grid.levels().least(); n <= grid.levels().most(); n++) {
        double move = n * before.unit(r, group, 0) - before.scale(r, group);
        for (int m = 0; m <= (minima ? grid.levels().most() : 0); m++) {
          double up = minima ? -m * before.unit(r, group, 1) - before.minimum(r, group) : 0;
          best = n == 0 ? best : Math.min(best, of(move, up));
        }
      }
      return best;
    }

    void apply(double[] error, double move, double up) {
      for (int i = 0; i < size(); i++) {
        error[first + i] -= codes[i] * move + up;
      }
    }
  }
}
