package org.alphaquant.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.alphaquant.calibration.Tokenizer;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.llamacpp.Engine;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.SourceSettings;
import org.alphaquant.prepare.SourceSettings.Roots;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Finished jobs run by llama.cpp itself. */
class GgufRunTest {

  private static final Optional<Engine> ENGINE = Engine.start();
  private static final int WINDOW = 256;

  @TempDir Path folder;

  @AfterAll
  static void end() {
    ENGINE.ifPresent(Engine::close);
  }

  @Test
  void everyKQuantGivesThePerplexityThatTheJobMeasured() throws IOException {
    requireSamePerplexity(
        "src/test/resources/models",
        "olmoe-wide",
        """
        {"default": {"wq": "q6_k"}, "overrides": [
          {"pattern": "*.v_proj", "wq": "q2_k"},
          {"pattern": "*.gate_proj", "wq": "q4_k"},
          {"pattern": "*.up_proj", "wq": "q3_k"},
          {"pattern": "*.down_proj", "wq": "q5_k"}]}
        """);
  }

  @Test
  void everySimpleTypeGivesThePerplexityThatTheJobMeasured() throws IOException {
    requireSamePerplexity(
        "examples/models",
        "olmoe-demo",
        """
        {"default": {"wq": "int4", "group_size": 32}, "overrides": [
          {"pattern": "*.q_proj", "wq": "int8", "group_size": 32},
          {"pattern": "*.k_proj", "wq": "int5", "group_size": 32},
          {"pattern": "*.v_proj", "wq": "int5", "group_size": 32, "symmetric": false},
          {"pattern": "*.o_proj", "wq": "int8", "group_size": -1},
          {"pattern": "*.3.mlp.experts.*.gate_proj", "wq": "iq4_nl"},
          {"pattern": "*.1.mlp.experts.*", "wq": "mxfp4"},
          {"pattern": "*.2.mlp.experts.*", "wq": "nvfp4"},
          {"pattern": "*.down_proj", "wq": "int4", "group_size": 64, "symmetric": false},
          {"pattern": "*.0.mlp.experts.*.up_proj", "wq": "int3", "group_size": 32}]}
        """);
  }

  @ParameterizedTest
  @Tag("faults")
  @CsvSource({
    "q2_k, true", "q3_k, true", "q4_k, true", "q5_k, true", "q6_k, true",
    "int4, true", "int4, false", "int5, true", "int5, false", "int8, true",
    "mxfp4, true", "nvfp4, true", "iq4_nl, true"
  })
  void eachTypeAloneDoesSo(String format, boolean symmetric) throws IOException {
    String group = format.startsWith("int") ? ", \"group_size\": 32" : "";
    requireSamePerplexity(
        "src/test/resources/models",
        "olmoe-wide",
        "{\"default\": {\"wq\": \"%s\", \"symmetric\": %s%s}}".formatted(format, symmetric, group));
  }

  /** Types are chosen by the budget; its bits are those of the file. */
  @Test
  @Tag("faults")
  void aMixThatABudgetChoosesRunsAndTakesTheBytesThatItSays() throws IOException {
    Path result =
        requireSamePerplexity(
            "src/test/resources/models",
            "olmoe-wide",
            """
            {"default": {"wq": "q4_k"}}, "recipe": "allocate",
             "budget": {"bits_per_weight": 4.2, "formats": ["q2_k", "q3_k", "q4_k", "q5_k", "q6_k"], "tokens": 2048}
            """);
    JsonNode report =
        JsonMapper.shared().readTree(result.resolve("quantization_report.json").toFile());
    List<ResultReader.Tensor> quantized =
        GgufReader.tensors(result.resolve("model.gguf")).values().stream()
            .filter(GgufReader::isQuantized)
            .toList();
    double bytes = quantized.stream().mapToLong(ResultReader.Tensor::bytes).sum();
    double weights = quantized.stream().mapToLong(ResultReader.Tensor::elements).sum();
    assertThat(quantized.stream().map(ResultReader.Tensor::dtype).distinct()).hasSizeGreaterThan(1);
    assertThat(report.get("bits_per_weight").asDouble())
        .isCloseTo(8 * bytes / weights, withinPercentage(0.001));
    assertThat(report.at("/allocation/bytes").asDouble()).isCloseTo(bytes, withinPercentage(0.001));
    assertThat(report.at("/allocation/budget_bytes").asDouble()).isBetween(bytes, 1.03 * bytes);
  }

  private Path requireSamePerplexity(String root, String model, String config) throws IOException {
    Assumptions.assumeTrue(ENGINE.isPresent());
    String text = Files.readString(Path.of("examples/text/eval.txt")).substring(0, 40_000);
    Files.writeString(folder.resolve("eval.txt"), text);
    TestContext context = TestContext.of(spec(model, config), folder.resolve("1"));
    JobResult result = run(Path.of(root)).run(context);
    Path file = context.artifactDirectory().resolve("model.gguf");
    assertThat(context.artifactDirectory().resolve("imatrix.gguf")).isNotEmptyFile();
    assertThat(ENGINE.get().load(file)).isEmpty();
    long[] ids = tokens(Path.of(root, model), text);
    assertThat(ENGINE.get().tokenize(text)).isEqualTo(ids);
    assertThat(ids.length / WINDOW).isGreaterThanOrEqualTo(40);
    double theirs = ENGINE.get().perplexity(windows(ids));
    assertThat(theirs).isCloseTo(result.perplexity().after(), withinPercentage(0.1));
    return context.artifactDirectory();
  }

  private static long[] tokens(Path model, String text) {
    try (Tokenizer tokenizer = Tokenizer.open(model)) {
      return tokenizer.encodeWithoutSpecialTokens(text);
    }
  }

  private static long[][] windows(long[] ids) {
    long[][] windows = new long[ids.length / WINDOW][];
    for (int i = 0; i < windows.length; i++) {
      windows[i] = Arrays.copyOfRange(ids, i * WINDOW, (i + 1) * WINDOW);
    }
    return windows;
  }

  private QuantizationRun run(Path models) {
    return new QuantizationRun(
        new JobInputs(
            new SourceSettings(
                new Roots(List.of(models, Path.of("src/test/resources/micro"))),
                new Roots(List.of(Path.of("examples"), folder)))));
  }

  private static JobSpec spec(String model, String config) {
    return JsonMapper.shared()
        .readValue(
            """
            {"model": "%s", "config": %s, "gptq": {"sweeps": 1},
             "calibration": {"path": "text/calibration.jsonl", "samples": 8, "sequence_length": 128},
             "evaluation": {"perplexity": {"path": "eval.txt", "window": 256}},
             "output": {"format": "gguf", "imatrix": true, "unquantized": "f16"}}
            """
                .formatted(model, config),
            JobSpec.class);
  }
}
