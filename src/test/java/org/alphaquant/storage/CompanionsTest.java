package org.alphaquant.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompanionsTest {

  @TempDir Path source;
  @TempDir Path result;

  private void write(String... files) throws IOException {
    for (String file : files) {
      Files.createDirectories(source.resolve(file).getParent());
      Files.writeString(source.resolve(file), file);
    }
  }

  @Test
  void everythingButWeightsIndexesAndQuantizationFilesIsCarried() throws IOException {
    write(
        "tokenizer.json",
        "tiktoken.model",
        "tekken.json",
        "processor_config.json",
        "video_preprocessor_config.json",
        "USE_POLICY.md",
        "moonshot_parser.py",
        "additional_chat_templates/tool_use.jinja",
        "figures/speed.png",
        "original/params.json");
    Companions companions = Companions.of(source);
    companions.copy(result);
    assertThat(companions.leftOut()).isEmpty();
    for (String file : companions.carried().keySet()) {
      assertThat(result.resolve(file)).hasContent(file);
    }
    assertThat(companions.carried())
        .hasSize(10)
        .containsKeys("tekken.json", "additional_chat_templates/tool_use.jinja");
  }

  @Test
  void whatIsLeftOutIsNamedWithTheReason() throws IOException {
    write(
        "model.safetensors",
        "model.safetensors.index.json",
        "pytorch_model-00001-of-00002.bin",
        "original/consolidated.00.pth",
        "onnx/model.onnx",
        "quantize_config.json",
        "hf_quant_config.json",
        "recipe.yaml",
        ".gitattributes",
        ".cache/huggingface/download/model.lock",
        "a/b/c/d/deep.txt",
        "config.json",
        "README.md");
    try (RandomAccessFile sparse =
        new RandomAccessFile(source.resolve("LICENSE.txt").toFile(), "rw")) {
      sparse.setLength(Companions.MAX_BYTES + 1);
    }
    Companions companions = Companions.of(source);
    companions.copy(result);
    assertThat(result).isEmptyDirectory();
    assertThat(companions.carried()).isEmpty();
    assertThat(companions.leftOut())
        .containsEntry("original/consolidated.00.pth", "weights")
        .containsEntry("pytorch_model-00001-of-00002.bin", "weights")
        .containsEntry("onnx/model.onnx", "weights")
        .containsEntry("hf_quant_config.json", "of another tool's quantization")
        .containsEntry("LICENSE.txt", "268,435,457 bytes, over the limit of 268,435,456")
        .containsEntry("a/b/c", "no file, or a folder more than 2 deep")
        .containsEntry(".gitattributes", "hidden")
        .doesNotContainKeys("config.json", "README.md");
  }

  @Test
  void filesOfTheResultsOwnAreNotOverwritten() throws IOException {
    write("tokenizer.json");
    Files.writeString(result.resolve("tokenizer.json"), "own");
    Companions.of(source).copy(result);
    assertThat(result.resolve("tokenizer.json")).hasContent("own");
  }
}
