package org.alphaquant.model.block;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.Random;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.alphaquant.torch.TorchDtype;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** All experts in one product, as on a GPU, beside one expert after the other. */
class ExpertsTogetherTest {

  private static final int TOKENS = 12;
  private static final int EXPERTS = 4;
  private static final int HIDDEN = 8;
  private static final int WIDTH = 6;

  @ParameterizedTest
  @CsvSource({"FLOAT32, false, 1e-6", "FLOAT32, true, 1e-6", "BFLOAT16, true, 0.01"})
  void paddedExpertsGiveWhatSingleOnesGive(TorchDtype dtype, boolean biased, double tolerance) {
    try (Torch torch = Torch.open("cpu");
        TensorScope scope = torch.scope("test")) {
      NDArray h = scope.run("tensor.to_dtype", random(scope, 1, TOKENS, HIDDEN), dtype.number());
      NDArray gateUp = random(scope, 2, EXPERTS, 2 * WIDTH, HIDDEN);
      NDArray down = random(scope, 3, EXPERTS, HIDDEN, WIDTH);
      NDList biases = new NDList();
      if (biased) {
        biases.add(random(scope, 4, EXPERTS, 2 * WIDTH));
        biases.add(random(scope, 5, EXPERTS, HIDDEN));
      }
      // The third expert has no token.
      long[] chosen = new Random(6).longs(2 * TOKENS, 0, 3).map(e -> e == 2 ? 3 : e).toArray();
      NDArray weights = random(scope, 7, TOKENS, 2);
      Routing routing = new Routing(scope.longs(chosen, TOKENS, 2), weights);
      Dispatch dispatch = Dispatch.of(scope, routing, EXPERTS);
      ExpertWeights experts = new ExpertWeights(0, gateUp, down, biases, Activation.SWIGLU);
      NDArray single = scope.floats(new float[TOKENS * HIDDEN], TOKENS, HIDDEN);
      dispatch.addOutputs(scope, single, h, experts, InputRounding.NONE);
      NDArray together = scope.floats(new float[TOKENS * HIDDEN], TOKENS, HIDDEN);
      scope.runInPlace(
          "experts.add_together",
          together,
          h,
          gateUp,
          down,
          biases,
          Activation.SWIGLU.number(),
          InputRounding.NONE.numbers(),
          dispatch.rows(),
          dispatch.weights(),
          dispatch.offsets(),
          0,
          EXPERTS);
      double distance = together.sub(single).norm().getFloat() / single.norm().getFloat();
      assertThat(distance).isLessThan(tolerance);
    }
  }

  private static NDArray random(TensorScope scope, long seed, long... shape) {
    Random random = new Random(seed);
    int size = 1;
    for (long dimension : shape) {
      size *= Math.toIntExact(dimension);
    }
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return scope.floats(values, shape);
  }
}
