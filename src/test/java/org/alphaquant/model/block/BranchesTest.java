package org.alphaquant.model.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.Optional;
import java.util.Random;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.junit.jupiter.api.Test;

class BranchesTest {

  private static final int TOKENS = 7;
  private static final int HIDDEN = 8;
  private static final int WIDTH = 4;
  private static final int EXPERTS = 5;
  private static final Branches SCALED =
      new Branches(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), true);

  /** Tokens that experts are calibrated on beyond those they are sent add nothing to the output. */
  @Test
  void scaledInputsOfMoreExpertsThanATokenIsSentToGiveTheSameOutput() {
    try (Torch torch = Torch.open("cpu");
        TensorScope scope = torch.scope("test")) {
      NDArray h = random(scope, 1, TOKENS, HIDDEN);
      NDArray logits = random(scope, 2, TOKENS, EXPERTS);
      ExpertWeights experts =
          new ExpertWeights(
              0,
              random(scope, 3, EXPERTS, 2 * WIDTH, HIDDEN),
              random(scope, 4, EXPERTS, HIDDEN, WIDTH),
              new NDList(),
              Activation.SWIGLU);
      float[] natural = output(scope, h, routing(scope, logits, 2), experts);
      float[] covered = output(scope, h, routing(scope, logits, 4), experts);
      float[] all = output(scope, h, routing(scope, logits, EXPERTS), experts);
      assertThat(natural).hasSize(TOKENS * HIDDEN);
      for (int i = 0; i < natural.length; i++) {
        assertThat(covered[i]).isCloseTo(natural[i], offset(1e-4f));
        assertThat(all[i]).isCloseTo(natural[i], offset(1e-4f));
      }
    }
  }

  private static float[] output(
      TensorScope scope, NDArray h, Routing routing, ExpertWeights experts) {
    NDArray read = SCALED.expertInput(scope, h, routing);
    NDArray y = scope.run("tensor.zeros_like", read);
    Dispatch.of(scope, SCALED.expertRouting(scope, routing, 2), EXPERTS)
        .addOutputs(scope, y, read, experts, InputRounding.NONE);
    return scope.toFloats(SCALED.output(scope, Optional.empty(), y, TOKENS));
  }

  private static Routing routing(TensorScope scope, NDArray logits, int count) {
    NDList chosen = scope.runAll("router.top_k_sigmoid", logits, count);
    return new Routing(chosen.get(0), chosen.get(1));
  }

  private static NDArray random(TensorScope scope, long seed, long... shape) {
    long count = 1;
    for (long size : shape) {
      count *= size;
    }
    Random random = new Random(seed);
    float[] values = new float[Math.toIntExact(count)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return scope.floats(values, shape);
  }
}
