package org.alphaquant.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OtherContentTest {

  static final String POINTER =
      """
      version https://git-lfs.github.com/spec/v1
      oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
      size 4976698672
      """;

  @TempDir Path folder;

  @BeforeEach
  void copyModel() throws IOException {
    Path source = Path.of("src/test/resources/micro/olmoe");
    for (String file : new String[] {"config.json", "model.safetensors"}) {
      Files.copy(source.resolve(file), folder.resolve(file));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "model.safetensors, safetensors file",
    "config.json, JSON object",
    "model.safetensors.index.json, JSON object"
  })
  void aPointerIsNamedInThePlaceOfAnyFile(String file, String expected) throws IOException {
    Files.writeString(folder.resolve(file), POINTER);
    assertThatThrownBy(() -> Checkpoint.open(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(file + ": not a " + expected)
        .hasMessageContaining("Git LFS pointer")
        .hasMessageContaining("git lfs pull");
  }

  @ParameterizedTest
  @CsvSource({
    "PAR1........, a Parquet file",
    "'\u001f\u008b\u0008........', packed with gzip",
    "'PK\u0003\u0004........', a zip archive",
    "GGUF........, a GGUF file",
    "'<!DOCTYPE html><html>....', an HTML page",
    "'[{\"a\": 1}]', a JSON array",
    "'\u0080\u0002}q......', a Python pickle"
  })
  void otherFormatsAreNamed(String begin, String name) throws IOException {
    byte[] bytes = begin.getBytes(StandardCharsets.ISO_8859_1);
    for (String file : new String[] {"config.json", "model.safetensors"}) {
      Path path = folder.resolve(file);
      byte[] own = Files.readAllBytes(path);
      Files.write(path, bytes);
      assertThatThrownBy(() -> Checkpoint.open(folder))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("this is " + name);
      Files.write(path, own);
    }
  }

  @Test
  void anOrdinaryFileIsNotTakenForAnother() throws IOException {
    assertThat(OtherContent.of(folder.resolve("config.json"))).isEmpty();
    assertThat(OtherContent.of(folder.resolve("model.safetensors"))).isEmpty();
    Path page = Files.writeString(folder.resolve("page.txt"), "a text about <html> and pages");
    assertThat(OtherContent.ofText(Files.readAllBytes(page))).isEmpty();
    assertThat(OtherContent.of(folder.resolve("absent"))).isEmpty();
  }
}
