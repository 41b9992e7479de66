package org.alphaquant.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.alphaquant.checkpoint.WrittenFile;
import org.alphaquant.job.JobProgress;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.SourceSettings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class AllocatedRunTest {

  private static final String SPEC =
      """
      {"model": "micro/olmoe", "recipe": "%s", "config": %s, %s
       "gptq": {"sweeps": 0}, "output": {"format": "dequantized"},
       "calibration": {"path": "text/short.txt", "samples": 4, "sequence_length": 24, "seed": %d}}
      """;
  private static final String CONFIG = "{\"default\": {\"wq\": \"int4\", \"group_size\": 32}}";
  private static final String BUDGET =
      "\"budget\": {\"bits_per_weight\": 4.2, \"formats\": [\"int2\", \"int4\", \"int5\"], \"sensitivity\": \"%s\"},";

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"estimated", "spectrum"})
  void theBudgetIsMetAndTheChosenConfigurationGivesTheSameBytesByItself(String sensitivity) {
    requireMet(
        run(spec("allocate", CONFIG, BUDGET.formatted(sensitivity), 1), "chosen"), sensitivity);
  }

  private void requireMet(TestContext context, String sensitivity) {
    JsonNode allocation = report(context).get("allocation");
    assertThat(allocation.get("sensitivity").asString()).isEqualTo(sensitivity);
    assertThat(allocation.get("bytes").asDouble() / allocation.get("budget_bytes").asDouble())
        .isBetween(0.99, 1.0);
    assertThat(allocation.get("bits_per_weight").asDouble()).isBetween(4.158, 4.2);
    assertThat(phases(context)).containsSubsequence("prepare", "allocate", "quantize", "write");
    assertThat(context.warnings).anyMatch(event -> event.startsWith("Allocation["));
    assertThat(allocation.get("units").valueStream().map(unit -> unit.get("wq").asString()))
        .hasSizeGreaterThan(4)
        .containsAnyOf("int2", "int5");
    TestContext again = run(spec("moe", allocation.get("config").toString(), "", 1), "again");
    assertThat(weights(again)).isEqualTo(weights(context));
  }

  @ParameterizedTest
  @ValueSource(doubles = {2.6, 5.9})
  void anyBudgetBetweenTheFormatsIsMet(double bits) {
    String budget =
        "\"budget\": {\"bits_per_weight\": %s, \"sensitivity\": \"spectrum\"},".formatted(bits);
    TestContext context = run(spec("allocate", CONFIG, budget, 0), "bits");
    assertThat(report(context).at("/allocation/bits_per_weight").asDouble())
        .isBetween(0.99 * bits, bits);
  }

  /** Stopped among the layers of the second format, then while that is measured. */
  @Test
  void anAttemptGoesOnWithTheSensitivitiesOfTheOneBefore() {
    JobSpec spec = spec("allocate", CONFIG, BUDGET.formatted("measured"), 1);
    TestContext whole = run(spec, "whole");
    requireMet(whole, "measured");
    TestContext first = new TestContext(spec, folder.resolve("1"), List.of(), 7);
    assertThatThrownBy(() -> run().run(first)).isInstanceOf(TestContext.Stopped.class);
    assertThat(folder.resolve("1/sensitivity-int2.json")).exists();
    TestContext second =
        new TestContext(spec, folder.resolve("2"), List.of(folder.resolve("1")), 4);
    assertThatThrownBy(() -> run().run(second)).isInstanceOf(TestContext.Stopped.class);
    TestContext third =
        new TestContext(
            spec,
            folder.resolve("3"),
            List.of(folder.resolve("2"), folder.resolve("1")),
            Integer.MAX_VALUE);
    ran(third);
    assertThat(third.layersMade()).isEqualTo(whole.layersMade() - 9);
    assertThat(weights(third)).isEqualTo(weights(whole));
    assertThat(report(third).get("allocation")).isEqualTo(report(whole).get("allocation"));
  }

  @Test
  void aTrainingFollowsTheChoiceAndTheConfigurationTrainsToTheSameBytes() {
    String training =
        " \"distill\": {\"samples\": 6, \"sequences\": 8, \"epochs\": 1, \"latent_rate\": 0.01},";
    String budget = BUDGET.formatted("spectrum") + training;
    TestContext context = run(spec("distill", CONFIG, budget, 1), "trained");
    assertThat(phases(context)).containsSubsequence("allocate", "quantize", "distill", "write");
    String config = report(context).at("/allocation/config").toString();
    TestContext again = run(spec("distill", config, training, 1), "again");
    assertThat(report(again).has("allocation")).isFalse();
    assertThat(weights(again)).isEqualTo(weights(context));
  }

  @Test
  void kQuantsAreMixedInOneFile() {
    String spec =
        """
        {"model": "models/olmoe-wide", "recipe": "allocate", "config": {"default": {"wq": "q4_k"}},
         "budget": {"bits_per_weight": 4.0, "formats": ["q3_k", "q4_k"], "tokens": 64},
         "gptq": {"sweeps": 0}, "output": {"format": "gguf"},
         "calibration": {"path": "text/short.txt", "samples": 2, "sequence_length": 24}}
        """;
    TestContext context = run(JsonMapper.shared().readValue(spec, JobSpec.class), "gguf");
    JsonNode allocation = report(context).get("allocation");
    assertThat(allocation.get("grain").asString()).isEqualTo("projection");
    // One layer has four parts only.
    assertThat(allocation.get("bits_per_weight").asDouble()).isBetween(3.9, 4.0);
    assertThat(context.warnings).anyMatch(it -> it.contains("nothing that comes nearer"));
    assertThat(report(context).get("bits_per_weight").asDouble())
        .isEqualTo(allocation.get("bits_per_weight").asDouble());
    assertThat(allocation.at("/units/0/costs/q3_k").asDouble())
        .isGreaterThan(allocation.at("/units/0/costs/q4_k").asDouble());
  }

  private TestContext run(JobSpec spec, String name) {
    return ran(TestContext.of(spec, folder.resolve(name)));
  }

  private static TestContext ran(TestContext context) {
    try {
      JobResult result = run().run(context);
      assertThat(result.bitsPerWeight())
          .isEqualTo(report(context).get("bits_per_weight").asDouble());
      return context;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static JsonNode report(TestContext context) {
    return JsonMapper.shared()
        .readTree(context.artifactDirectory().resolve("quantization_report.json").toFile());
  }

  private static List<String> phases(TestContext context) {
    return context.progress.stream().map(JobProgress::phase).distinct().toList();
  }

  private static List<String> weights(TestContext context) {
    try (Stream<Path> files = Files.list(context.artifactDirectory())) {
      return files
          .filter(file -> file.toString().endsWith(".safetensors"))
          .sorted()
          .map(file -> WrittenFile.of(file).sha256())
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static QuantizationRun run() {
    SourceSettings.Roots roots = new SourceSettings.Roots(List.of(Path.of("src/test/resources")));
    return new QuantizationRun(new JobInputs(new SourceSettings(roots, roots)));
  }

  private static JobSpec spec(String recipe, String config, String budget, long seed) {
    return JsonMapper.shared()
        .readValue(SPEC.formatted(recipe, config, budget, seed), JobSpec.class);
  }
}
