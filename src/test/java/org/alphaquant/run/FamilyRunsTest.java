package org.alphaquant.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.job.JobResult;
import org.alphaquant.model.ModelFamilies;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/**
 * A whole run of the families in {@code src/test/resources/families}, once into plain tensors and
 * once packed. {@code -Dalphaquant.families=FOLDER} takes all of a folder instead, and {@code
 * -Dalphaquant.families.results=FOLDER} keeps what the runs write, in its folders {@code plain} and
 * {@code packed}.
 */
class FamilyRunsTest {

  private static final Path BUNDLED = Path.of("src/test/resources/families");
  private static final String WEIGHT = ".weight";
  private static final String TOKENIZER = "tokenizer.json";

  @TempDir private Path folder;

  static List<Path> fixtures() throws IOException {
    Path all = Path.of(System.getProperty("alphaquant.families", BUNDLED.toString()));
    try (Stream<Path> children = Files.list(all)) {
      return children.filter(child -> Files.exists(child.resolve("config.json"))).sorted().toList();
    }
  }

  /**
   * Delta nets, parallel blocks, one mixer a layer, split branches, scaled inputs, channelwise
   * decay.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {"qwen3_next", "cohere2", "nemotron_h", "gemma4_moe", "llama4_text", "kimi_linear"})
  void someFamiliesAreQuantizedOnEveryBuild(String family) throws IOException {
    runs(BUNDLED.resolve(family));
  }

  @Tag("faults")
  @ParameterizedTest
  @MethodSource("fixtures")
  void everyFamilyIsQuantized(Path fixture) throws IOException {
    runs(fixture);
  }

  private void runs(Path fixture) throws IOException {
    Path model = folder.resolve("models").resolve(fixture.getFileName());
    copy(fixture, model);
    plain(model);
    packed(model);
  }

  private void plain(Path model) throws IOException {
    JobResult result = TestRun.of(model, folder.resolve("plain"), "\"format\": \"dequantized\"");
    hardlyMoves(result);
    Path written = folder.resolve("plain").resolve("artifacts");
    try (Checkpoint source = Checkpoint.open(model);
        Checkpoint plain = Checkpoint.open(written)) {
      List<String> linears =
          ModelFamilies.describe(source, null).linears().stream()
              .map(ModuleDescription::name)
              .toList();
      assertThat(ModelFamilies.describe(plain, null).linears())
          .extracting(ModuleDescription::name)
          .containsExactlyElementsOf(linears);
    }
    keep(written, "plain", model);
  }

  private static void keep(Path written, String kind, Path model) throws IOException {
    String results = System.getProperty("alphaquant.families.results");
    if (results != null) {
      copy(written, Path.of(results, kind).resolve(model.getFileName()));
    }
  }

  private void packed(Path model) throws IOException {
    hardlyMoves(TestRun.of(model, folder.resolve("packed"), "\"format\": \"compressed-tensors\""));
    Path written = folder.resolve("packed").resolve("artifacts");
    keep(written, "packed", model);
    try (Checkpoint source = Checkpoint.open(model);
        Checkpoint packed = Checkpoint.open(written)) {
      ModelDescription description = ModelFamilies.describe(source, null);
      for (ModuleDescription linear : description.linears()) {
        assertThat(packed.has(linear.name() + ".weight_packed"))
            .as("%s is packed", linear.name())
            .isEqualTo(!linear.kind().isProtected());
      }
      assertThat(packed.names())
          .filteredOn(name -> name.endsWith(WEIGHT))
          .filteredOn(name -> packed.info(name).shape().size() == 2)
          .filteredOn(name -> !name.equals(description.embedding().name() + WEIGHT))
          .as("plain linears, which an engine would take for packed ones")
          .allMatch(name -> isIgnored(packed, name.substring(0, name.length() - WEIGHT.length())));
    }
  }

  private static boolean isIgnored(Checkpoint packed, String module) {
    return packed
        .config()
        .at("/quantization_config/ignore")
        .valueStream()
        .map(JsonNode::asString)
        .anyMatch(
            it ->
                it.startsWith("re:")
                    ? Pattern.compile(it.substring(3)).matcher(module).lookingAt()
                    : it.equals(module));
  }

  private static void hardlyMoves(JobResult result) {
    assertThat(Math.log(result.perplexity().after() / result.perplexity().before()))
        .as("log ratio of perplexities")
        .isBetween(-0.1, 0.1);
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
    Path shared = from.resolveSibling(TOKENIZER);
    if (Files.exists(shared) && !Files.exists(to.resolve(TOKENIZER))) {
      Files.copy(shared, to.resolve(TOKENIZER));
    }
  }
}
