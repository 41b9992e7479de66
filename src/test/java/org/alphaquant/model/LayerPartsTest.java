package org.alphaquant.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.model.block.Attention;
import org.alphaquant.model.block.DecoderLayer;
import org.alphaquant.model.block.DenseFeedForward;
import org.alphaquant.model.block.Dispatch;
import org.alphaquant.model.block.InputRounding;
import org.alphaquant.model.block.Linear;
import org.alphaquant.model.block.MoeFeedForward;
import org.alphaquant.model.block.Routing;
import org.alphaquant.model.block.SharedExpert;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The parts a layer is quantized by, against the layer as a whole. */
class LayerPartsTest {

  private static final double LIMIT = 1e-5;
  private static Torch torch;

  @BeforeAll
  static void openTorch() {
    torch = Torch.open("cpu");
  }

  @AfterAll
  static void closeTorch() {
    torch.close();
  }

  @ParameterizedTest
  @MethodSource("org.alphaquant.model.EditedCheckpoint#withStackedExperts")
  void theLastStageOfAttentionMakesTheBlocksOutput(Path fixture) {
    inEveryLayer(
        fixture,
        (scope, model, layer, x) -> {
          Attention attention = layer.attention();
          int last = attention.stages().size() - 1;
          Linear output = attention.stages().get(last).get(0);
          NDArray y = output.apply(scope, attention.input(scope, last, x));
          NDArray expected = attention.forward(scope, x);
          assertSame(scope, scope.run("linear.residual", x, y, 1.0), expected);
        });
  }

  @ParameterizedTest
  @MethodSource("org.alphaquant.model.EditedCheckpoint#withStackedExperts")
  void everyStageReadsRowsAsWideAsItsLinears(Path fixture) {
    inEveryLayer(
        fixture,
        (scope, model, layer, x) -> {
          long rows = x.getShape().get(0) * x.getShape().get(1);
          List<List<Linear>> stages = layer.attention().stages();
          for (int stage = 0; stage < stages.size(); stage++) {
            NDArray input = layer.attention().input(scope, stage, x);
            for (Linear linear : stages.get(stage)) {
              long in = linear.weight().getShape().get(1);
              assertThat(input.getShape().getShape()).as(linear.name()).containsExactly(rows, in);
            }
          }
        });
  }

  @ParameterizedTest
  @MethodSource("org.alphaquant.model.EditedCheckpoint#withStackedExperts")
  void theDescriptionListsExactlyTheLinearsThatAreLoaded(Path fixture) {
    List<String> loaded = new ArrayList<>();
    List<String> described = new ArrayList<>();
    inEveryLayer(
        fixture,
        (scope, model, layer, x) -> {
          loaded.addAll(linears(layer));
          described.clear();
          model.description().linears().stream()
              .filter(linear -> linear.kind() != ModuleKind.HEAD)
              .forEach(linear -> described.add(linear.name()));
        });
    assertThat(described).containsExactlyInAnyOrderElementsOf(loaded);
  }

  @ParameterizedTest
  @MethodSource("org.alphaquant.model.EditedCheckpoint#withStackedExperts")
  void expertsInChunksAddUpToTheBlocksOutput(Path fixture) {
    inEveryLayer(
        fixture,
        (scope, model, layer, x) -> {
          if (layer.feedForward() instanceof MoeFeedForward moe) {
            NDArray h = moe.input(scope, x);
            Routing routing = moe.route(scope, h);
            NDArray y =
                moe.shared()
                    .map(shared -> shared.forward(scope, h))
                    .orElseGet(() -> scope.run("tensor.zeros_like", h));
            for (int from = 0; from < moe.experts(); from += 3) {
              int to = Math.min(moe.experts(), from + 3);
              Dispatch.of(scope, routing, moe.experts())
                  .addOutputs(scope, y, h, moe.load(scope, from, to), InputRounding.NONE);
            }
            NDArray actual = moe.join(scope, x, y);
            assertSame(scope, actual, moe.forward(scope, x));
          } else if (layer.feedForward() instanceof DenseFeedForward dense) {
            NDArray h = dense.activation(scope, dense.input(scope, x));
            NDArray y = dense.down().apply(scope, h);
            assertSame(scope, scope.run("linear.residual", x, y, 1.0), dense.forward(scope, x));
          }
        });
  }

  @Test
  void severalMicrobatchesGiveWhatEachGivesAlone() {
    inEveryLayer(
        EditedCheckpoint.FIXTURES.resolve("qwen2_moe"),
        (scope, model, layer, x) -> {
          NDArray other = scope.run("linear.scale", x, 0.5);
          List<NDArray> both = layer.feedForward().forwardAll(scope, List.of(x, other));
          assertSame(scope, both.get(0), layer.feedForward().forward(scope, x));
          assertSame(scope, both.get(1), layer.feedForward().forward(scope, other));
        });
  }

  @ParameterizedTest
  @MethodSource("org.alphaquant.model.EditedCheckpoint#withStackedExperts")
  void laterStagesComputeWithReplacedWeights(Path fixture) {
    inEveryLayer(
        fixture,
        (scope, model, layer, x) -> {
          Attention attention = layer.attention();
          int last = attention.stages().size() - 1;
          float[] before = scope.toFloats(attention.input(scope, last, x));
          List<Linear> first = attention.stages().get(0);
          Linear replaced = first.get(first.size() - 1);
          replaced.replaceWeight(scope.run("linear.clamp", replaced.weight(), 0.05));
          float[] after = scope.toFloats(attention.input(scope, last, x));
          assertThat(Reference.distance(before, after)).isGreaterThan(1e-3);
        });
  }

  @Test
  void aWeightOfAnotherShapeIsRefusedByName() {
    inEveryLayer(
        EditedCheckpoint.FIXTURES.resolve("olmoe"),
        (scope, model, layer, x) -> {
          Linear linear = layer.attention().stages().get(0).get(0);
          assertThatThrownBy(() -> linear.replaceWeight(scope.floats(new float[4], 2, 2)))
              .hasMessageContaining("self_attn.q_proj")
              .hasMessageContaining("[64, 64]")
              .hasMessageContaining("[2, 2]");
        });
  }

  private interface Check {
    void run(TensorScope scope, Model model, DecoderLayer layer, NDArray x);
  }

  private static void inEveryLayer(Path fixture, Check check) {
    try (Checkpoint checkpoint = Checkpoint.open(fixture);
        Reference reference = Reference.of(fixture);
        TensorScope scope = torch.scope(fixture.toString())) {
      ModelDescription description = ModelFamilies.describe(checkpoint, null);
      Model model = ModelFamilies.open(checkpoint, description, scope);
      for (int index = 0; index < description.layers(); index++) {
        String before = index == 0 ? "embedding" : "layer_" + (index - 1);
        check.run(scope, model, model.layer(scope, index), reference.floats(scope, before));
      }
    }
  }

  private static List<String> linears(DecoderLayer layer) {
    List<Linear> linears = new ArrayList<>();
    layer.attention().stages().forEach(linears::addAll);
    List<String> names = new ArrayList<>();
    if (layer.feedForward() instanceof DenseFeedForward dense) {
      linears.addAll(dense.mlp().linears());
    } else if (layer.feedForward() instanceof MoeFeedForward moe) {
      linears.add(moe.router().linear());
      moe.shared().ifPresent(shared -> linears.addAll(shared.linears()));
      moe.shared().flatMap(SharedExpert::gating).ifPresent(linears::add);
      for (int expert = 0; expert < moe.experts(); expert++) {
        names.addAll(moe.names(expert));
      }
    }
    linears.forEach(linear -> names.add(linear.name()));
    return names;
  }

  private static void assertSame(TensorScope scope, NDArray actual, NDArray expected) {
    double distance = Reference.distance(scope.toFloats(expected), scope.toFloats(actual));
    assertThat(distance).isLessThan(LIMIT);
  }
}
