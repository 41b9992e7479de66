package org.alphaquant.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import ai.djl.ndarray.NDArray;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.estimate.MemoryPlan;
import org.alphaquant.estimate.RunShape;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.gptq.GptqOptions;
import org.alphaquant.job.RoutingWeight;
import org.alphaquant.job.Shrinkage;
import org.alphaquant.model.Model;
import org.alphaquant.model.ModelFamilies;
import org.alphaquant.storage.formats.StorageFormats;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.alphaquant.traffic.Evidence;
import org.junit.jupiter.api.Test;

class ModelQuantizerTest {

  private static final TensorScheme INT4 =
      new TensorScheme(NumberFormat.INT4, 16, true, NumberFormat.BF16);

  private static final MemoryPlan MEMORY =
      new MemoryPlan(new RunShape(4, 64, 64, 0, 0, 0, 64, 1000, 16, 64), 0, 0);

  @Test
  void aNamedEmbeddingIsRoundedAndTheLayersReadItSo() {
    try (Torch torch = Torch.open("cpu");
        TensorScope scope = torch.scope("test");
        Checkpoint checkpoint = Checkpoint.open(Path.of("src/test/resources/micro/olmoe"))) {
      Model model = ModelFamilies.open(checkpoint, ModelFamilies.describe(checkpoint, null), scope);
      long[] ids = {5, 9, 3, 5};
      NDArray before = model.embed(scope, scope.longs(ids, 1, 4));
      List<LinearReport> reports = new ArrayList<>();
      quantizer(Map.of(model.embeddingName(), INT4))
          .quantize(
              scope,
              model,
              RunObserver.NONE,
              (layer, result, streams) -> {
                assertThat(result.reports()).hasSize(layer == 0 ? 1 : 0);
                reports.addAll(result.reports());
              });
      LinearReport report = reports.get(0);
      assertThat(report.module()).isEqualTo("model.embed_tokens");
      assertThat(report.fallback()).isEqualTo("rounding");
      assertThat(report.damp()).isNull();
      assertThat(report.errorAfter()).isBetween(1e-6, 0.02);
      float[] embedded = scope.toFloats(model.embed(scope, scope.longs(ids, 1, 4)));
      float[] original = scope.toFloats(before);
      assertThat(embedded).isNotEqualTo(original).containsExactly(original, within(0.2f));
    }
  }

  /** In every Hessian: of attention, of experts and of their layer's mean. */
  @Test
  void aSampleOfWeightTwoCountsLikeTheSampleTwice() {
    long[] often = {1, 2, 3, 4, 5, 6, 7, 8};
    long[] once = {8, 7, 6, 5, 4, 3, 2, 1};
    Map<Integer, float[]> same = new HashMap<>();
    float[] ones = {1, 1, 1, 1, 1, 1, 1, 1};
    for (int layer = 0; layer < 3; layer++) {
      same.put(layer, ones);
    }
    Evidence weighted = new Evidence(8, new float[][] {{4 / 3f}, {2 / 3f}}, same);
    Map<String, double[]> expected = solved(null, 3, often, often, once);
    Map<String, double[]> plain = solved(null, 2, often, once);
    Map<String, double[]> fitted = solved(weighted, 2, often, once);
    assertThat(fitted).hasSameSizeAs(expected).hasSize(28);
    fitted.forEach(
        (name, of) -> {
          double[] wanted = expected.get(name);
          assertThat(of[0]).as(name).isCloseTo(wanted[0], withinPercentage(1));
          assertThat(of[1]).as(name).isCloseTo(wanted[1], withinPercentage(0.1));
        });
    assertThat(fitted.keySet())
        .anyMatch(name -> Math.abs(fitted.get(name)[1] / plain.get(name)[1] - 1) > 0.05);
  }

  // What the solver saw of each module: its error, and its energy a token.
  private static Map<String, double[]> solved(
      Evidence evidence, double shrinkage, long[]... samples) {
    Map<String, double[]> solved = new HashMap<>();
    try (Torch torch = Torch.open("cpu");
        TensorScope scope = torch.scope("test");
        Checkpoint checkpoint = Checkpoint.open(Path.of("src/test/resources/micro/olmoe"))) {
      ModelDescription description = ModelFamilies.describe(checkpoint, null);
      Model model = ModelFamilies.open(checkpoint, description, scope);
      Map<String, TensorScheme> schemes = new HashMap<>();
      description.linears().stream()
          .filter(module -> module.layer() == 0 && module.kind() != ModuleKind.ROUTER)
          .forEach(module -> schemes.put(module.name(), INT4));
      new ModelQuantizer(plan(schemes, shrinkage, samples).weighing(evidence), MEMORY)
          .quantize(
              scope,
              model,
              RunObserver.NONE,
              (layer, result, streams) ->
                  result
                      .reports()
                      .forEach(
                          it ->
                              solved.put(
                                  it.module(),
                                  new double[] {it.errorAfter(), it.energy() / samples.length})));
    }
    return solved;
  }

  private static QuantizationPlan plan(
      Map<String, TensorScheme> schemes, double shrinkage, long[]... samples) {
    return new QuantizationPlan(
        schemes,
        GptqOptions.defaults(),
        false,
        RoutingWeight.SCORE,
        new Shrinkage(shrinkage),
        StorageFormats.COMPRESSED_TENSORS,
        Dtype.BF16,
        samples);
  }

  private static ModelQuantizer quantizer(Map<String, TensorScheme> schemes) {
    return new ModelQuantizer(
        new QuantizationPlan(
            schemes,
            GptqOptions.defaults(),
            false,
            RoutingWeight.SCORE,
            new Shrinkage(128.0),
            StorageFormats.COMPRESSED_TENSORS,
            Dtype.BF16,
            new long[][] {{1, 2, 3, 4, 5, 6, 7, 8}, {8, 7, 6, 5, 4, 3, 2, 1}}),
        MEMORY);
  }
}
