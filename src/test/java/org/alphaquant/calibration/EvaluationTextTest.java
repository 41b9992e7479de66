package org.alphaquant.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class EvaluationTextTest {

  @TempDir Path folder;
  private Tokenizer tokenizer;

  @BeforeEach
  void openTokenizer() {
    tokenizer = Tokenizer.open(Path.of("examples/models/olmoe-demo"));
  }

  @AfterEach
  void closeTokenizer() {
    tokenizer.close();
  }

  @Test
  void theWholeTextIsOneStreamOfTheTokensOfPython() {
    JsonNode expected =
        JsonMapper.builder()
            .build()
            .readTree(Path.of("src/test/resources/calibration/expected_tokens.json"))
            .path("evaluation");

    EvaluationText text = EvaluationText.read(Path.of("examples/text/eval.txt"), tokenizer);

    assertThat(text.tokens()).hasSize(expected.path("tokens").asInt());
    assertThat(Arrays.stream(text.tokens()).sum()).isEqualTo(expected.path("sum").asLong());
    assertThat(text.windows(expected.path("window").asInt()))
        .hasDimensions(expected.path("windows").asInt(), expected.path("window").asInt());
    assertThat(text.windows(256)[150]).isEqualTo(Arrays.copyOfRange(text.tokens(), 38400, 38656));
  }

  @Test
  void aTextShorterThanAWindowIsAWindowByItself() throws IOException {
    Path file = Files.writeString(folder.resolve("short.txt"), "<|endoftext|>".repeat(5));
    EvaluationText text = EvaluationText.read(file, tokenizer);

    assertThat(text.windows(6)).hasDimensions(1, 5);
    assertThat(text.windows(5)).hasDimensions(1, 5);
    assertThat(text.windows(4)).hasDimensions(1, 4);
    EvaluationText one =
        EvaluationText.read(
            Files.writeString(folder.resolve("one.txt"), "<|endoftext|>"), tokenizer);
    assertThatThrownBy(() -> one.windows(6))
        .isInstanceOf(CalibrationException.class)
        .hasMessage("'one.txt' has 1 tokens; perplexity needs two at least");
    assertThatThrownBy(() -> text.windows(1)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aTextTooLargeForMemoryIsRefusedBeforeItIsRead() throws IOException {
    Path file = folder.resolve("large.txt");
    Files.writeString(file, "a ".repeat((int) (EvaluationText.MAX_BYTES / 2)) + "a");
    assertThatThrownBy(() -> EvaluationText.read(file, tokenizer))
        .isInstanceOf(CalibrationException.class)
        .hasMessageContaining("has 16777217 bytes, over the limit of 16777216");
  }

  @Test
  void aTextThatIsAbsentOrNotUtf8IsNamed() throws IOException {
    Path file = Files.write(folder.resolve("latin1.txt"), new byte[] {(byte) 0xe9, 'a'});
    assertThatThrownBy(() -> EvaluationText.read(file, tokenizer))
        .isInstanceOf(CalibrationException.class)
        .hasMessage("'latin1.txt', line 1: the line is not valid UTF-8");
    assertThatThrownBy(() -> EvaluationText.read(folder.resolve("no.txt"), tokenizer))
        .isInstanceOf(CalibrationException.class)
        .hasMessage("'no.txt' cannot be read: there is no such file");
  }
}
