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

  @Test
  void aFileThatWouldFillTheResultIsNamedBeforeAnythingIsCopied() throws IOException {
    Files.writeString(source.resolve("tokenizer.json"), "{}");
    Files.writeString(source.resolve("secrets.txt"), "no companion");
    assertThat(Companions.problem(source)).isEmpty();
    Companions.copy(source, result);
    assertThat(result).isDirectoryContaining("glob:**/tokenizer.json");
    assertThat(result.resolve("secrets.txt")).doesNotExist();
    try (RandomAccessFile sparse =
        new RandomAccessFile(source.resolve("LICENSE.txt").toFile(), "rw")) {
      sparse.setLength(Companions.MAX_BYTES + 1);
    }
    assertThat(Companions.problem(source))
        .hasValueSatisfying(
            problem -> assertThat(problem).contains("'LICENSE.txt'", "268435457", "268435456"));
  }
}
