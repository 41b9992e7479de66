package org.alphaquant.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ComparisonTest {
  private static final JsonMapper JSON = JsonMapper.shared();

  @TempDir private Path folder;

  @Test
  void theExampleIsComparedWithOtherMethodsOfTheSameJob() throws IOException {
    Path job = Path.of("examples/jobs/olmoe-demo-int3.json");
    List<Baseline> baselines = Baseline.beside(job);

    assertThat(baselines)
        .extracting(Baseline::name)
        .containsExactly("plain rounding", "standard GPTQ");
    JsonNode other = JSON.readTree(baselines.get(0).of(Files.readString(job)));
    assertThat(other.at("/config")).isEqualTo(JSON.readTree(job).get("config"));
    assertThat(other.at("/recipe").asString()).isEqualTo("rounding");
  }

  @Test
  void aJobOfOnesOwnIsComparedWithNothing() throws IOException {
    Path job = Files.writeString(folder.resolve("job.json"), "{\"model\": \"m\"}");
    assertThat(Baseline.beside(job)).isEmpty();
  }

  @Test
  void lossesStandSideBySide() {
    String table =
        new ComparisonTable(job(2.0, 2.02, 0.01))
            .add("standard GPTQ", job(2.0, 2.1, 0.025))
            .add("routing-weighted GPTQ", job(2.0, 2.02, 0.01))
            .toString();
    assertThat(table)
        .isEqualTo(
            String.join(
                "\n",
                "  at the same bits             perplexity              KL divergence",
                "  the original                     2.0000",
                "  standard GPTQ                    2.1000    +5.00 %          0.0250",
                "  routing-weighted GPTQ            2.0200    +1.00 %          0.0100"));
  }

  @Test
  void aJobThatMeasuredNoDivergenceHasNone() {
    JsonNode job =
        JSON.readTree("{\"result\": {\"perplexity\": {\"before\": 2.0, \"after\": 2.1}}}");
    assertThat(new ComparisonTable(job).add("standard GPTQ", job).toString())
        .endsWith("  standard GPTQ                    2.1000    +5.00 %");
  }

  private static JsonNode job(double before, double after, double divergence) {
    return JSON.readTree(
        """
        {"result": {"perplexity": {"before": %s, "after": %s}, "divergence": {"mean": {"value": %s}}}}
        """
            .formatted(before, after, divergence));
  }
}
