package org.alphaquant.moe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.nio.file.Path;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.model.Model;
import org.alphaquant.model.ModelFamilies;
import org.alphaquant.model.block.Dispatch;
import org.alphaquant.model.block.ExpertWeights;
import org.alphaquant.model.block.InputRounding;
import org.alphaquant.model.block.MoeFeedForward;
import org.alphaquant.model.block.Routing;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the quantizer computes of experts, against the forward pass and against the formula. */
class ExpertPassesTest {

  private static final Path RESOURCES = Path.of("src/test/resources");
  private static final int CHUNK = 5;
  private static Torch torch;

  @BeforeAll
  static void openTorch() {
    torch = Torch.open("cpu");
  }

  @AfterAll
  static void closeTorch() {
    torch.close();
  }

  private record Block(
      MoeFeedForward moe, NDArray h, Routing routing, Dispatch dispatch, ExpertWeights weights) {}

  private interface Check {
    void run(TensorScope scope, Block block);
  }

  private static void onFirstLayer(String folder, Check check) {
    try (Checkpoint checkpoint = Checkpoint.open(RESOURCES.resolve(folder));
        TensorScope scope = torch.scope(folder)) {
      Model model = ModelFamilies.open(checkpoint, ModelFamilies.describe(checkpoint, null), scope);
      NDArray x = model.embed(scope, scope.longs(new long[] {5, 90, 17, 3, 44, 2, 8, 70}, 1, 8));
      MoeFeedForward moe = (MoeFeedForward) model.layer(scope, 0).feedForward();
      NDArray h = moe.input(scope, x);
      Routing routing = moe.route(scope, h);
      Dispatch dispatch = Dispatch.of(scope, routing, moe.experts());
      ExpertWeights weights = moe.load(scope, 0, moe.experts());
      check.run(scope, new Block(moe, h, routing, dispatch, weights));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"micro/olmoe", "micro/mixtral", "variants/gpt_oss"})
  void expertsOneByOneAddUpToAllAtOnce(String folder) {
    onFirstLayer(
        folder,
        (scope, block) -> {
          NDArray together = scope.run("tensor.zeros_like", block.h());
          NDArray apart = scope.run("tensor.zeros_like", block.h());
          Dispatch dispatch = block.dispatch();
          dispatch.addOutputs(scope, together, block.h(), block.weights(), InputRounding.NONE);
          for (int e = 0; e < block.moe().experts(); e++) {
            ExpertWeights one = block.moe().load(scope, e, e + 1);
            dispatch.addOutputs(scope, apart, block.h(), one, InputRounding.NONE);
          }
          assertThat(scope.toFloats(apart)).isEqualTo(scope.toFloats(together));
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"micro/olmoe", "micro/mixtral", "variants/gpt_oss"})
  void productsOfAllExpertsGiveWhatOneAfterTheOtherGives(String folder) {
    onFirstLayer(
        folder,
        (scope, block) -> {
          ExpertWeights weights = block.weights();
          Dispatch dispatch = block.dispatch();
          int all = block.moe().experts();
          int act = weights.activation().number();
          NDArray h = block.h();
          NDList apart =
              scope.runAll(
                  "experts.activations",
                  h,
                  weights.gateUp(),
                  weights.biases(),
                  act,
                  dispatch.rows(),
                  dispatch.offsets(),
                  0,
                  all,
                  CHUNK);
          NDList together =
              scope.runAll(
                  "experts.activations_together",
                  h,
                  weights.gateUp(),
                  weights.biases(),
                  act,
                  dispatch.rows(),
                  dispatch.offsets(),
                  0,
                  all);
          for (int e = 0; e < all; e++) {
            assertClose(scope, together.get(e), apart.get(e));
          }
          assertClose(
              scope, outputs(scope, block, together, true), outputs(scope, block, apart, false));
          assertClose(
              scope,
              scope.run(
                  "hessian.of_activations_together",
                  together,
                  dispatch.weights(),
                  dispatch.offsets(),
                  0,
                  1.0),
              scope.run(
                  "hessian.of_activations",
                  apart,
                  dispatch.weights(),
                  dispatch.offsets(),
                  0,
                  1.0,
                  CHUNK));
          assertClose(
              scope,
              scope.run(
                  "hessian.of_experts_together",
                  h,
                  dispatch.rows(),
                  dispatch.weights(),
                  dispatch.offsets(),
                  0,
                  all,
                  1.0),
              scope.run(
                  "hessian.of_experts",
                  h,
                  new NDList(),
                  new NDList(),
                  act,
                  dispatch.rows(),
                  dispatch.weights(),
                  dispatch.offsets(),
                  0,
                  all,
                  1.0,
                  CHUNK));
        });
  }

  private static NDArray outputs(TensorScope scope, Block block, NDList read, boolean together) {
    NDArray y = scope.run("tensor.zeros_like", block.h());
    Dispatch dispatch = block.dispatch();
    if (!together) {
      dispatch.addOutputs(scope, y, read, block.weights());
      return y;
    }
    scope.runInPlace(
        "experts.add_outputs_of_together",
        y,
        read,
        block.weights().down(),
        block.weights().biases(),
        dispatch.rows(),
        dispatch.weights(),
        dispatch.offsets(),
        0,
        block.moe().experts());
    return y;
  }

  private static void assertClose(TensorScope scope, NDArray actual, NDArray expected) {
    float[] found = scope.toFloats(actual);
    float[] wanted = scope.toFloats(expected);
    assertThat(found).hasSameSizeAs(wanted);
    for (int i = 0; i < wanted.length; i++) {
      assertThat(found[i]).isCloseTo(wanted[i], within(1e-5f + 1e-4f * Math.abs(wanted[i])));
    }
  }

  @Test
  void aFewTokensOfEachExpertFitTogetherAndManyDoNot() {
    long[] even = {0, 10, 20, 30, 40};
    assertThat(new Dispatch(null, null, even).fitsTogether(0, 4, 64)).isTrue();
    assertThat(new Dispatch(null, null, even).fitsTogether(0, 4, 1 << 21)).isFalse();
    // One expert has nearly all: padding the others to it would cost more than launches.
    assertThat(
            new Dispatch(null, null, new long[] {0, 1000, 1001, 1002, 1003, 1004, 1005})
                .fitsTogether(0, 6, 64))
        .isFalse();
    assertThat(new Dispatch(null, null, new long[] {0, 0, 0}).fitsTogether(0, 2, 64)).isFalse();
  }

  @Test
  void theDownProjectionsHessianHoldsBiasedAndClampedActivations() {
    onFirstLayer(
        "variants/gpt_oss",
        (scope, block) -> {
          ExpertWeights weights = block.weights();
          NDArray hessians =
              scope.run(
                  "hessian.of_experts",
                  block.h(),
                  new NDList(weights.gateUp()),
                  weights.biases(),
                  weights.activation().number(),
                  block.dispatch().rows(),
                  block.dispatch().weights(),
                  block.dispatch().offsets(),
                  0,
                  block.moe().experts(),
                  0.0,
                  CHUNK);
          float[] actual = scope.toFloats(hessians);
          double[] expected = diagonals(scope, block);
          int width = (int) weights.down().getShape().get(2);
          for (int i = 0; i < expected.length; i++) {
            double found = actual[i / width * width * width + i % width * (width + 1)];
            assertThat(found).as("H[%d]", i).isCloseTo(expected[i], within(1e-3 + 1e-4 * found));
          }
        });
  }

  // Of every expert's Hessian: the sum over its tokens of the squared activation, [E * M].
  private static double[] diagonals(TensorScope scope, Block block) {
    float[] h = scope.toFloats(block.h());
    float[] gateUp = scope.toFloats(block.weights().gateUp());
    float[] bias = scope.toFloats(block.weights().biases().get(0));
    long[] rows = scope.toLongs(block.dispatch().rows());
    int hidden = (int) block.h().getShape().get(1);
    int width = (int) block.weights().down().getShape().get(2);
    double[] sums = new double[block.moe().experts() * width];
    for (int e = 0; e < block.moe().experts(); e++) {
      for (long p = block.dispatch().offsets()[e]; p < block.dispatch().offsets()[e + 1]; p++) {
        int token = (int) rows[(int) p];
        for (int m = 0; m < width; m++) {
          int gateRow = 2 * e * width + m;
          double gate = bias[gateRow];
          double up = bias[gateRow + width];
          for (int i = 0; i < hidden; i++) {
            gate += (double) h[token * hidden + i] * gateUp[gateRow * hidden + i];
            up += (double) h[token * hidden + i] * gateUp[(gateRow + width) * hidden + i];
          }
          gate = Math.min(gate, 7);
          up = Math.max(-7, Math.min(up, 7));
          double activation = (up + 1) * gate / (1 + Math.exp(-1.702 * gate));
          sums[e * width + m] += activation * activation;
        }
      }
    }
    return sums;
  }
}
