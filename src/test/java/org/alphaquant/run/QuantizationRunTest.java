package org.alphaquant.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.job.JobProgress;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.SourceSettings;
import org.alphaquant.prepare.SourceSettings.Roots;
import org.alphaquant.quantize.RunObserver.Phase;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class QuantizationRunTest {

  private static final JsonMapper JSON = JsonMapper.shared();

  @TempDir Path folder;

  @Test
  void theResultIsAWholeCheckpointWhoseRoutersAreTheSourcesOwn() throws IOException {
    TestContext context = TestContext.of(spec("micro/olmoe", "int4", 16), folder.resolve("1"));
    JobResult result = run().run(context);
    try (Checkpoint source = Checkpoint.open(Path.of("src/test/resources/micro/olmoe"));
        Checkpoint written = Checkpoint.open(context.artifactDirectory())) {
      for (String name : source.names()) {
        if (name.contains("_proj")) {
          String module = name.replace(".weight", "");
          assertThat(written.names()).doesNotContain(name).contains(module + ".weight_packed");
        } else {
          assertThat(written.bytes(name)).as(name).isEqualTo(source.bytes(name));
        }
      }
      JsonNode config = written.config().get("quantization_config");
      assertThat(config.get("quant_method").asString()).isEqualTo("compressed-tensors");
      assertThat(config.get("ignore").toString()).contains("gate", "lm_head");
      assertThat(result.bytes().before()).isEqualTo(source.totalBytes());
      assertThat(result.bytes().after()).isEqualTo(written.totalBytes());
    }
    assertThat(result.bitsPerWeight()).isBetween(5.0, 5.3);
    assertThat(Files.readString(context.artifactDirectory().resolve("README.md")))
        .contains("| expert | int4, groups of 16 |", "| router | as in the source |")
        .contains("| after | %.4f |".formatted(result.perplexity().after()));
    assertThat(names(result))
        .contains(
            "README.md",
            "config.json",
            "experts.json",
            "generation_config.json",
            "model.safetensors",
            "quantization_report.json",
            "tokenizer.json");
  }

  /** The worker removes them once the job's row says that it succeeded. */
  @Test
  void aFinishedRunLeavesWhatAnotherAttemptWouldNeedIfItsEndWereNotRecorded() throws IOException {
    JobSpec spec = spec("micro/olmoe", "int4", 16);
    run().run(TestContext.of(spec, folder.resolve("1")));
    TestContext again =
        new TestContext(spec, folder.resolve("2"), List.of(folder.resolve("1")), Integer.MAX_VALUE);
    run().run(again);
    assertThat(again.layersMade()).isZero();
  }

  /** 16 tokens reach few of the experts, and each of those unreached has three linears. */
  @Test
  void expertsWithoutTokensGiveOneWarningForAllTheirLinears() throws IOException {
    JobSpec spec =
        JSON.readValue(
            """
            {"model": "micro/deepseek_v3", "config": {"default": {"wq": "int8", "group_size": -1}},
             "gptq": {"sweeps": 0, "scale_search": false},
             "calibration": {"path": "text/calibration.jsonl", "samples": 1, "sequence_length": 8}}
            """,
            JobSpec.class);
    TestContext context = TestContext.of(spec, folder.resolve("1"));
    run().run(context);
    JsonNode report =
        JSON.readTree(context.artifactDirectory().resolve("quantization_report.json").toFile());
    assertThat(report.get("linears").valueStream().filter(linear -> linear.has("fallback")))
        .hasSizeGreaterThan(6);
    assertThat(context.warnings)
        .filteredOn(warning -> warning.contains("no calibration token reached"))
        .singleElement()
        .asString()
        .contains(".mlp.experts.", "{gate_proj,up_proj,down_proj}");
  }

  @Test
  void theReportHasEveryLinearAndEveryExpert() throws IOException {
    TestContext context = TestContext.of(spec("micro/olmoe", "int4", 16), folder.resolve("1"));
    JobResult result = run().run(context);
    JsonNode report =
        JSON.readTree(context.artifactDirectory().resolve("quantization_report.json").toFile());
    try (Checkpoint source = Checkpoint.open(Path.of("src/test/resources/micro/olmoe"))) {
      Set<String> linears =
          source.names().stream()
              .filter(name -> name.contains("_proj"))
              .map(name -> name.replace(".weight", ""))
              .collect(Collectors.toSet());
      assertThat(report.get("linears").valueStream().map(l -> l.get("module").asString()))
          .containsExactlyInAnyOrderElementsOf(linears);
      for (JsonNode linear : report.get("linears")) {
        assertThat(linear.get("error_after").asDouble())
            .as(linear.toString())
            .isPositive()
            .isLessThanOrEqualTo(linear.get("error_before").asDouble() * 1.02);
      }
    }
    assertThat(report.get("experts")).hasSize(context.experts.size());
    assertThat(report.get("perplexity").get("after").asDouble())
        .isEqualTo(result.perplexity().after());
    assertThat(report.get("seconds").get("quantize/solve").asDouble()).isPositive();
    assertThat(report.get("peak_memory").get("process").asLong()).isGreaterThan(1L << 20);
    assertThat(report.get("peak_memory").get("estimated").asLong()).isGreaterThan(1L << 20);
    assertThat(context.progress.get(context.progress.size() - 1).fraction()).isEqualTo(1.0);
  }

  @ParameterizedTest
  @CsvSource({
    "micro/olmoe, int2, 32",
    "micro/olmoe, int3, 32",
    "micro/olmoe, int8, -1",
    "micro/olmoe, fp8, -1",
    "micro/olmoe, mxfp4, 32",
    "micro/olmoe, mxfp8, 32",
    "micro/olmoe, nvfp4, 16",
    "micro/mixtral, int4, 32",
    "micro/qwen2_moe, int4, 32",
    "micro/deepseek_v3, int4, 16",
    "micro/llama, mxfp4, 32"
  })
  void everyFormatAndFamilyReadsBackFromTheWrittenBytesAsItWasSolved(
      String model, String format, int group) throws IOException {
    TestContext context = TestContext.of(spec(model, format, group), folder.resolve("1"));
    JobResult result = run().run(context);
    assertThat(result.perplexity().after())
        .isBetween(result.perplexity().before() * 0.5, result.perplexity().before() * 4);
  }

  @ParameterizedTest
  @CsvSource({
    "int8, int8, -1",
    "fp8, fp8, -1",
    "mxfp8, mxfp8, 32",
    "mxfp4, mxfp4, 32",
    "nvfp4, nvfp4, 16"
  })
  void roundedActivationsAreWrittenAndShowInThePerplexity(String weights, String inputs, int group)
      throws IOException {
    TestContext plain = TestContext.of(spec("micro/olmoe", weights, group), folder.resolve("1"));
    TestContext rounded =
        TestContext.of(spec("micro/olmoe", weights, group, inputs), folder.resolve("2"));
    double without = run().run(plain).perplexity().after();
    double with = run().run(rounded).perplexity().after();
    assertThat(with).isNotEqualTo(without).isCloseTo(without, withinPercentage(20));
    try (Checkpoint written = Checkpoint.open(rounded.artifactDirectory())) {
      JsonNode groups = written.config().get("quantization_config").get("config_groups");
      assertThat(groups.toString()).doesNotContain("\"input_activations\":null");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "gptq, int4, 32, qweight",
    "quark, mxfp6, 32, weight_scale",
    "dequantized, int4, 16, weight",
    "auto, mxfp6, 32, weight_scale",
    "auto, fp6, 32, weight"
  })
  void otherCheckpointFormatsAreWrittenAndReadBack(
      String output, String format, int group, String suffix) throws IOException {
    JobSpec spec = spec("micro/olmoe", format, group, "bf16", output);
    TestContext context = TestContext.of(spec, folder.resolve("1"));
    JobResult result = run().run(context);
    assertThat(result.perplexity().after())
        .isCloseTo(result.perplexity().before(), withinPercentage(50));
    try (Checkpoint written = Checkpoint.open(context.artifactDirectory())) {
      assertThat(written.names()).contains("model.layers.0.self_attn.q_proj." + suffix);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "micro/olmoe, int8, compressed-tensors",
    "micro/qwen2_moe, int4, compressed-tensors",
    "micro/qwen2_moe, int3, dequantized",
    "variants/gpt_oss, int8, compressed-tensors"
  })
  void routersSharedExpertGatesAndTheHeadAreQuantizedWhereTheConfigNamesThem(
      String model, String format, String output) throws IOException {
    JobSpec spec =
        read(
            """
            {"model": "%s",
             "config": {"default": {"wq": "bf16"},
                        "overrides": [{"pattern": "*gate", "wq": "%s", "group_size": 16},
                                      {"pattern": "*router", "wq": "%s", "group_size": 16},
                                      {"pattern": "lm_head", "wq": "%s", "group_size": 32}]},
             "calibration": {"path": "text/calibration.jsonl", "samples": 6, "sequence_length": 64},
             "evaluation": {"perplexity": {"path": "text/short.txt", "window": 64}},
             "output": {"format": "%s"}}
            """
                .formatted(model, format, format, format, output));
    TestContext context = TestContext.of(spec, folder.resolve("1"));
    JobResult result = run().run(context);
    JsonNode report =
        JSON.readTree(context.artifactDirectory().resolve("quantization_report.json").toFile());
    List<String> reported =
        report.get("linears").valueStream().map(linear -> linear.get("module").asString()).toList();
    try (Checkpoint source = Checkpoint.open(Path.of("src/test/resources").resolve(model));
        Checkpoint written = Checkpoint.open(context.artifactDirectory())) {
      List<String> named =
          source.names().stream()
              .filter(name -> name.matches(".*(gate|router|lm_head)\\.weight"))
              .map(name -> name.substring(0, name.length() - ".weight".length()))
              .toList();
      assertThat(reported).containsExactlyInAnyOrderElementsOf(named).contains("lm_head");
      for (String module : named) {
        String weight = module + ".weight";
        if (output.equals("dequantized")) {
          assertThat(written.bytes(weight)).as(weight).isNotEqualTo(source.bytes(weight));
        } else {
          assertThat(written.names()).contains(module + ".weight_packed").doesNotContain(weight);
        }
      }
    }
    assertThat(result.perplexity().after())
        .isNotEqualTo(result.perplexity().before())
        .isCloseTo(result.perplexity().before(), withinPercentage(50));
  }

  @Test
  void anAttemptThatGoesOnAfterAnotherMakesTheSameBytesAsOneThatRanThrough() throws IOException {
    JobSpec spec = spec("micro/qwen2_moe", "int4", 32);
    JobResult whole = run().run(TestContext.of(spec, folder.resolve("whole")));
    Path first = folder.resolve("1");
    assertThatThrownBy(() -> run().run(new TestContext(spec, first, List.of(), 2)))
        .isInstanceOf(TestContext.Stopped.class);
    TestContext second =
        new TestContext(spec, folder.resolve("2"), List.of(first), Integer.MAX_VALUE);
    JobResult resumed = run().run(second);
    assertThat(hash(resumed, "model.safetensors")).isEqualTo(hash(whole, "model.safetensors"));
    assertThat(hash(resumed, "experts.json")).isEqualTo(hash(whole, "experts.json"));
    assertThat(second.layersMade()).isEqualTo(context(whole) - 2);
    assertThat(resumed.perplexity()).isEqualTo(whole.perplexity());
    assertThat(second.progress)
        .extracting(JobProgress::phase)
        .doesNotContain(Phase.EVALUATE_BEFORE.jsonName())
        .contains(Phase.EVALUATE_AFTER.jsonName());
  }

  @Test
  void aWorkerThatIsBeingStoppedDoesNotGoOnMeasuringTheSource() {
    TestContext context = TestContext.of(spec("micro/olmoe", "int4", 16), folder.resolve("1"));
    context.draining = true;
    assertThatThrownBy(() -> run().run(context)).isInstanceOf(TestContext.Stopped.class);
    JobProgress last = context.progress.get(context.progress.size() - 1);
    assertThat(last.phase()).isEqualTo(Phase.EVALUATE_BEFORE.jsonName());
    assertThat(last.layer()).isEqualTo(1);
  }

  @Test
  void layersOfAnAttemptWithOtherSettingsAreNotTakenOver() {
    Path first = folder.resolve("1");
    assertThatThrownBy(
            () -> run().run(new TestContext(spec("micro/olmoe", "int3", 16), first, List.of(), 2)))
        .isInstanceOf(TestContext.Stopped.class);
    TestContext second =
        new TestContext(spec("micro/olmoe", "int4", 16), folder.resolve("2"), List.of(first), 1);
    assertThatThrownBy(() -> run().run(second)).isInstanceOf(TestContext.Stopped.class);
    assertThat(second.layersMade()).isEqualTo(1);
    assertThat(folder.resolve("2/layers/layer-00001.json")).doesNotExist();
  }

  private static QuantizationRun run() {
    return run(Path.of("src/test/resources"));
  }

  private static QuantizationRun run(Path models) {
    return new QuantizationRun(
        new JobInputs(
            new SourceSettings(
                new Roots(List.of(models)),
                new Roots(List.of(Path.of("examples"), Path.of("src/test/resources"))))));
  }

  private static JobSpec spec(String model, String format, int group) {
    return spec(model, format, group, "bf16");
  }

  private static JobSpec spec(String model, String format, int group, String inputs) {
    return spec(model, format, group, inputs, "compressed-tensors");
  }

  private static JobSpec spec(
      String model, String format, int group, String inputs, String output) {
    String json =
        """
        {"model": "%s", "config": {"default": {"wq": "%s", "group_size": %d, "aq": "%s"}},
         "gptq": {"sweeps": 1},
         "calibration": {"path": "text/calibration.jsonl", "samples": 6, "sequence_length": 64},
         "evaluation": {"perplexity": {"path": "text/short.txt", "window": 64}},
         "output": {"format": "%s"}}
        """
            .formatted(model, format, group, inputs, output);
    return read(json);
  }

  private static JobSpec read(String json) {
    return JSON.rebuild()
        .propertyNamingStrategy(tools.jackson.databind.PropertyNamingStrategies.SNAKE_CASE)
        .build()
        .readValue(json, JobSpec.class);
  }

  private static int context(JobResult whole) throws IOException {
    Path layers = Path.of("src/test/resources/micro/qwen2_moe/config.json");
    assertThat(whole).isNotNull();
    return JSON.readTree(Files.readString(layers)).get("num_hidden_layers").asInt();
  }

  private static List<String> names(JobResult result) {
    return result.artifacts().stream().map(JobResult.Artifact::name).toList();
  }

  private static String hash(JobResult result, String name) {
    return result.artifacts().stream()
        .filter(artifact -> artifact.name().equals(name))
        .findFirst()
        .orElseThrow()
        .sha256();
  }
}
