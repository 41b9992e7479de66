package org.alphaquant.storage.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.model.ModelFamilies;
import org.alphaquant.storage.Content;
import org.alphaquant.storage.gguf.ImportanceMatrix.Sums;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImportanceMatrixTest {

  @TempDir Path folder;

  @Test
  void expertsStandInOneTensorEachWithItsOwnSumsAndCount() {
    try (Checkpoint checkpoint = Checkpoint.open(Path.of("src/test/resources/micro/olmoe"))) {
      ModelDescription model = ModelFamilies.describe(checkpoint, null);
      List<TensorInfo> plain =
          ModelFamilies.recognise(checkpoint, null).plainTensors().stream()
              .map(TensorSource::info)
              .toList();
      Content content = new Content(model, checkpoint.config(), Dtype.BF16, plain, List.of());
      ImportanceMatrix.write(folder, content, ImportanceMatrixTest::sums, "text", 4, 64);
    }
    try (GgufFile file = GgufFile.open(folder.resolve("imatrix.gguf"))) {
      assertThat(file.metadata())
          .containsEntry("general.type", MetadataValue.string("imatrix"))
          .containsEntry("imatrix.datasets", MetadataValue.strings(List.of("text")))
          .containsEntry("imatrix.chunk_count", MetadataValue.u32(4))
          .containsEntry("imatrix.chunk_size", MetadataValue.u32(64));
      GgufFile.Stored sums = file.tensors().get("blk.1.ffn_up_exps.weight.in_sum2");
      assertThat(sums.shape()).containsExactly(8L, 64L);
      assertThat(file.bytes(sums, 3 * 64 * 4, 4).getFloat()).isEqualTo(3);
      GgufFile.Stored counts = file.tensors().get("blk.1.ffn_up_exps.weight.counts");
      assertThat(counts.shape()).containsExactly(8L, 1L);
      assertThat(file.bytes(counts, 5 * 4, 4).getFloat()).isEqualTo(50);
      assertThat(file.tensors()).containsKey("blk.0.attn_q.weight.in_sum2");
      assertThat(file.tensors()).doesNotContainKey("blk.0.ffn_down_exps.weight.in_sum2");
    }
  }

  // Of experts their number; nothing for down projections.
  private static Optional<Sums> sums(String module) {
    if (module.endsWith("down_proj")) {
      return Optional.empty();
    }
    int expert =
        Math.max(0, EngineNames.expert(module.replaceFirst("^model\\.layers\\.\\d+\\.", "")));
    float[] sums = new float[64];
    java.util.Arrays.fill(sums, expert);
    return Optional.of(new Sums(sums, 10 * expert));
  }
}
