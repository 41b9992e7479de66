package org.alphaquant.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.SafetensorsWriter;
import org.alphaquant.torch.Torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Checkpoints whose tensors have the names that transformers 5.18 keeps in memory, seen in what it
 * writes with {@code save_original_format=False}.
 */
class StoredNamesTest {

  private static final Path RESOURCES = Path.of("src/test/resources");

  private static Torch torch;

  @TempDir Path folder;

  @BeforeAll
  static void openTorch() {
    torch = Torch.open("cpu");
  }

  @AfterAll
  static void closeTorch() {
    torch.close();
  }

  @ParameterizedTest
  @CsvSource({
    "micro/mixtral, .block_sparse_moe.>.mlp. .w1.>.gate_proj. .w2.>.down_proj. .w3.>.up_proj.",
    "micro/mixtral, .block_sparse_moe.>.mlp.",
    "variants/phimoe, .block_sparse_moe.gate.>.mlp.router. .block_sparse_moe.>.mlp.",
    "variants/granitemoe, block_sparse_moe.input_linear.weight>block_sparse_moe.experts.gate_up_proj"
        + " block_sparse_moe.output_linear.weight>block_sparse_moe.experts.down_proj"
        + " router.layer.>router.",
    "families/granitemoehybrid,"
        + " block_sparse_moe.input_linear.weight>block_sparse_moe.experts.gate_up_proj"
        + " block_sparse_moe.output_linear.weight>block_sparse_moe.experts.down_proj"
        + " router.layer.>router.",
    "families/exaone_moe, mlp.e_score_correction_bias>mlp.gate.e_score_correction_bias",
    "families/laguna, mlp.experts.e_score_correction_bias>mlp.gate.e_score_correction_bias"
        + " mlp.shared_expert.>mlp.shared_experts.",
    "families/mimo_v2_flash, self_attn.attention_sink_bias>self_attn.sinks",
    "families/minimax_m2_fp8, .block_sparse_moe.>.mlp. .w1.>.gate_proj. .w2.>.down_proj."
        + " .w3.>.up_proj."
  })
  void aModelUnderTheNamesOfMemoryIsTheSame(String fixture, String renamed) throws IOException {
    try (Checkpoint original = Checkpoint.open(RESOURCES.resolve(fixture))) {
      EditedCheckpoint edited = EditedCheckpoint.of(original);
      for (String part : renamed.split(" ")) {
        String[] names = part.split(">");
        assertThat(original.names()).anyMatch(name -> name.contains(names[0]));
        edited.rename(name -> name.replace(names[0], names[1]));
      }
      try (Checkpoint stored = Checkpoint.open(edited.write(folder.resolve("stored")))) {
        assertThat(ModelFamilies.describe(stored, null))
            .usingRecursiveComparison()
            .ignoringFields("unread")
            .isEqualTo(ModelFamilies.describe(original, null));
        assertThat(StorageTest.logits(torch, stored))
            .containsExactly(StorageTest.logits(torch, original));
        assertThat(plain(stored, "a").names()).isEqualTo(plain(original, "b").names());
      }
    }
  }

  private Checkpoint plain(Checkpoint checkpoint, String name) throws IOException {
    Path target = Files.createDirectories(folder.resolve(name));
    SafetensorsWriter.write(
        target.resolve("model.safetensors"),
        ModelFamilies.recognise(checkpoint, null).plainTensors());
    Files.copy(checkpoint.folder().resolve("config.json"), target.resolve("config.json"));
    return Checkpoint.open(target);
  }
}
