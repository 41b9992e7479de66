package org.alphaquant.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.alphaquant.checkpoint.Links;
import org.alphaquant.source.AllowedRoots;
import org.alphaquant.source.SourceException;
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
    companions.copy(result, Links.OWN);
    assertThat(companions.leftOut()).isEmpty();
    for (String file : companions.carried().keySet()) {
      assertThat(result.resolve(file)).hasContent(file);
    }
    assertThat(companions.carried())
        .hasSize(10)
        .containsKeys("tekken.json", "additional_chat_templates/tool_use.jinja");
  }

  @Test
  void aFileThatBecameALinkToElsewhereAfterTheFolderWasAllowedIsNotCopied() throws IOException {
    Path root = source.resolve("models");
    write("models/m/LICENSE", "elsewhere/secret.txt");
    AllowedRoots roots = new AllowedRoots("alphaquant.models.roots", List.of(root));
    Path model = roots.folder("m");
    Links links = roots.links(model);
    Companions companions = Companions.of(model);
    companions.copy(result, links);
    assertThat(result.resolve("LICENSE")).hasContent("models/m/LICENSE");

    Files.delete(model.resolve("LICENSE"));
    Files.delete(result.resolve("LICENSE"));
    Files.createSymbolicLink(model.resolve("LICENSE"), source.resolve("elsewhere/secret.txt"));
    assertThatThrownBy(() -> companions.copy(result, links))
        .isInstanceOf(SourceException.class)
        .hasMessageContaining("'m/LICENSE' is a link to outside of the allowed folders");
    assertThat(result).isEmptyDirectory();
    // Nor one that becomes a link between the look and the copy.
    assertThatThrownBy(() -> companions.copy(result, file -> file)).isInstanceOf(IOException.class);
    assertThat(result).isEmptyDirectory();
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
    companions.copy(result, Links.OWN);
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
    Companions.of(source).copy(result, Links.OWN);
    assertThat(result.resolve("tokenizer.json")).hasContent("own");
  }
}
