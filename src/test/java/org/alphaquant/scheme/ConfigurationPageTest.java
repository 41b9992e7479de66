package org.alphaquant.scheme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.alphaquant.format.NumberFormat;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What docs/configuration.md says is so. */
class ConfigurationPageTest {
  private static final String PAGE = read();

  private static String read() {
    try {
      return Files.readString(Path.of("docs/configuration.md"));
    } catch (IOException problem) {
      throw new java.io.UncheckedIOException(problem);
    }
  }

  private static Stream<String> found(String expression) {
    return Pattern.compile(expression, Pattern.DOTALL)
        .matcher(PAGE)
        .results()
        .map((MatchResult match) -> match.group(1));
  }

  @Test
  void itsExamplesAreValid() {
    List<String> examples = found("```json\n(.*?)```").toList();
    assertThat(examples).isNotEmpty();
    assertThat(examples)
        .allSatisfy(
            example ->
                assertThatCode(() -> QuantizationConfig.parse(configuration(example)))
                    .doesNotThrowAnyException());
  }

  /** Of a whole job its part. */
  private static JsonNode configuration(String example) {
    JsonNode json = JsonMapper.shared().readTree(example);
    return json.has("model") ? json.get("config") : json;
  }

  @Test
  void itNamesEveryFormatPresetAndActivation() {
    List<String> quoted = found("`([^`\n]+)`").toList();
    assertThat(quoted).containsAll(Presets.all().stream().map(Preset::name).toList());
    assertThat(quoted).containsAll(FieldReader.ACTIVATIONS);
    assertThat(quoted)
        .containsAll(
            NumberFormat.jsonNames().stream().filter(name -> !name.matches("int[3-7]")).toList());
  }
}
