package org.alphaquant.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.alphaquant.checkpoint.WrittenFile;
import org.alphaquant.job.JobProgress;
import org.alphaquant.job.JobSpec;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.SourceSettings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class CoverageRunTest {

  private static final int TOKENS = 4 * 24;
  private static final JsonMapper JSON = JsonMapper.shared();

  @TempDir private Path folder;

  @Test
  void allTokensReachAllExpertsAndTheUtilizationStaysThatOfTheRouting() throws IOException {
    JsonNode natural = experts("natural", "");
    JsonNode widened = experts("widened", ", \"coverage\": {\"top_k\": 3}");
    JsonNode all = experts("all", ", \"coverage\": \"all\"");
    int experts = natural.size();
    assertThat(natural).allMatch(it -> it.get("calibration_tokens").equals(it.get("tokens")));
    assertThat(all).allMatch(it -> it.get("calibration_tokens").asInt() == TOKENS);
    assertThat(sum(widened, "calibration_tokens")).isEqualTo(3L * TOKENS);
    assertThat(sum(all, "effective_tokens")).isGreaterThan(sum(natural, "effective_tokens"));
    for (int e = 0; e < experts; e++) {
      // What an expert is sent in the first sparse layer does not depend on any quantized expert.
      assertThat(all.get(e).get("tokens")).isEqualTo(natural.get(e).get("tokens"));
      assertThat(widened.get(e).get("calibration_tokens").asInt())
          .isBetween(natural.get(e).get("tokens").asInt(), TOKENS);
      if (all.get(e).get("under_utilized").asBoolean()) {
        assertThat(all.get(e).get("remedies").toString()).contains("more-tokens");
        assertThat(natural.get(e).get("remedies").toString()).isEqualTo("[\"layer-mean\"]");
      }
    }
    assertThat(sum(natural, "tokens")).isEqualTo(2L * TOKENS);
  }

  @Test
  void textOfTheModelsOwnIsCalibratedOnAndIsPartOfTheResult() throws IOException {
    String own = ", \"self_written\": {\"sequences\": 3, \"prompt\": 4, \"seed\": 7}";
    TestContext context = run(own, folder.resolve("added"), List.of(), Integer.MAX_VALUE);
    assertThat(phases(context)).startsWith("prepare", "write_text", "quantize");
    JsonNode calibration = report(context).get("calibration");
    assertThat(calibration.get("samples").asInt()).isEqualTo(7);
    assertThat(calibration.get("self_written").get("seed").asInt()).isEqualTo(7);
    List<String> lines =
        Files.readAllLines(context.artifactDirectory().resolve("self_written.jsonl"));
    assertThat(lines).hasSize(3);
    JsonNode line = JSON.readTree(lines.get(0));
    assertThat(line.get("tokens").size()).isEqualTo(24);
    assertThat(line.get("text").asString()).isNotBlank();
  }

  @Test
  void balancedCoverageTakesThePlaceOfTheGivenText() throws IOException {
    TestContext context =
        run(", \"coverage\": \"balanced\"", folder.resolve("even"), List.of(), Integer.MAX_VALUE);
    JsonNode calibration = report(context).get("calibration");
    assertThat(calibration.get("samples").asInt()).isEqualTo(4);
    assertThat(calibration.get("self_written").get("balanced").asBoolean()).isTrue();
    assertThat(calibration.get("coverage").asString()).isEqualTo("balanced");
  }

  @Test
  void anAttemptCalibratesOnTheTextThatTheOneBeforeWrote() throws IOException {
    String own = ", \"self_written\": {\"sequences\": 70, \"only\": true}";
    TestContext whole = run(own, folder.resolve("whole"), List.of(), Integer.MAX_VALUE);
    Path first = folder.resolve("1");
    assertThatThrownBy(() -> run(own, first, List.of(), 2)).isInstanceOf(TestContext.Stopped.class);
    TestContext second = run(own, folder.resolve("2"), List.of(first), Integer.MAX_VALUE);
    assertThat(phases(second)).doesNotContain("write_text");
    assertThat(hash(second)).isEqualTo(hash(whole));
  }

  private JsonNode experts(String name, String more) throws IOException {
    TestContext context = run(more, folder.resolve(name), List.of(), Integer.MAX_VALUE);
    Path file = context.artifactDirectory().resolve("experts.json");
    return JSON.readTree(file.toFile()).get("data").get(0).get("experts");
  }

  private static JsonNode report(TestContext context) {
    return JSON.readTree(context.artifactDirectory().resolve("quantization_report.json").toFile());
  }

  private static long sum(JsonNode experts, String field) {
    List<Double> values = new ArrayList<>();
    experts.forEach(it -> values.add(it.get(field).asDouble()));
    return Math.round(values.stream().mapToDouble(Double::doubleValue).sum());
  }

  private static List<String> phases(TestContext context) {
    return context.progress.stream().map(JobProgress::phase).distinct().toList();
  }

  private static String hash(TestContext context) {
    return WrittenFile.of(context.artifactDirectory().resolve("model.safetensors")).sha256();
  }

  private static TestContext run(String more, Path attempt, List<Path> earlier, int most)
      throws IOException {
    String spec =
        """
        {"model": "micro/olmoe", "config": {"default": {"wq": "int3", "group_size": 32}},
         "calibration": {"path": "text/short.txt", "samples": 4, "sequence_length": 24%s}}
        """
            .formatted(more);
    SourceSettings.Roots roots = new SourceSettings.Roots(List.of(Path.of("src/test/resources")));
    TestContext context =
        new TestContext(JSON.readValue(spec, JobSpec.class), attempt, earlier, most);
    new QuantizationRun(new JobInputs(new SourceSettings(roots, roots))).run(context);
    return context;
  }
}
