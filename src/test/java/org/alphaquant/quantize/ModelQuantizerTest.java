package org.alphaquant.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
import org.junit.jupiter.api.Test;

class ModelQuantizerTest {

  private static final TensorScheme INT4 =
      new TensorScheme(NumberFormat.INT4, 16, true, NumberFormat.BF16);

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
        new MemoryPlan(new RunShape(4, 64, 64, 0, 0, 0, 64, 1000, 16), 0, 0));
  }
}
