package org.alphaquant.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.SourceSettings;
import org.alphaquant.prepare.SourceSettings.Roots;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

/** An evaluation of a written result measures what the job measured that wrote it. */
class ReadBackTest {

  private static final Path RESOURCES = Path.of("src/test/resources");

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "gptq; micro/olmoe; \"wq\": \"int4\", \"group_size\": 32",
        "quark; micro/olmoe; \"wq\": \"mxfp6_e3m2\"",
        "compressed-tensors; micro/olmoe; \"wq\": \"int4\", \"group_size\": 32, \"symmetric\": false",
        "compressed-tensors; micro/olmoe; \"wq\": \"nvfp4\"",
        "mxfp4; variants/gpt_oss; \"wq\": \"bf16\"",
        "gguf; micro/mixtral; \"wq\": \"int4\", \"group_size\": 32",
        "gguf; micro/mixtral; \"wq\": \"nvfp4\"",
        "gguf; micro/deepseek_v2; \"wq\": \"bf16\"",
        "gguf; families/qwen3_5_moe; \"wq\": \"bf16\"",
        "gguf; families/gemma4_moe; \"wq\": \"bf16\"",
        "gguf; families/laguna; \"wq\": \"int8\", \"group_size\": 32"
      })
  void theFormatIsReadBack(String format, String model, String scheme) throws IOException {
    String overrides =
        format.equals("mxfp4") ? "{\"pattern\": \"*.experts.*\", \"wq\": \"mxfp4\"}" : "";
    JobResult job =
        run(
            """
            {"model": "%s", "config": {"default": {%s}, "overrides": [%s]},
             "output": {"format": "%s"}, "gptq": {"sweeps": 0, "scale_search": false},
             "calibration": {"path": "text/short.txt", "samples": 4, "sequence_length": 64},
             "evaluation": {"perplexity": {"path": "text/short.txt", "window": 64}}}
            """
                .formatted(withTokenizer(model), scheme, overrides, format),
            "job");
    JobResult evaluation =
        run(
            """
            {"kind": "evaluation", "model": "job/result",
             "evaluation": {"perplexity": {"path": "text/short.txt", "window": 64}}}
            """,
            "evaluation");
    assertThat(evaluation.perplexity().after())
        .isCloseTo(job.perplexity().after(), withinPercentage(1e-7));
  }

  @ParameterizedTest
  @Tag("faults")
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "gptq; micro/olmoe; \"wq\": \"int3\", \"group_size\": -1",
        "quark; micro/olmoe; \"wq\": \"mxfp4\"",
        "compressed-tensors; micro/olmoe; \"wq\": \"int3\", \"group_size\": 32",
        "compressed-tensors; micro/olmoe; \"wq\": \"fp8\"",
        "compressed-tensors; micro/olmoe; \"wq\": \"mxfp4\"",
        "compressed-tensors; micro/olmoe; \"wq\": \"mxfp8\"",
        "dequantized; micro/olmoe; \"wq\": \"fp6\"",
        "gguf; micro/qwen2_moe; \"wq\": \"int5\", \"group_size\": 32, \"symmetric\": false",
        "gguf; variants/gpt_oss; \"wq\": \"bf16\"",
        "gguf; families/granitemoehybrid; \"wq\": \"int8\", \"group_size\": 32",
        "gguf; families/qwen3_next; \"wq\": \"int4\", \"group_size\": 32"
      })
  void soAreTheOthers(String format, String model, String scheme) throws IOException {
    theFormatIsReadBack(format, model, scheme);
  }

  // Families share one.
  private String withTokenizer(String model) throws IOException {
    if (Files.exists(RESOURCES.resolve(model).resolve("tokenizer.json"))) {
      return model;
    }
    Path copy = Files.createDirectories(folder.resolve("model"));
    for (String file : List.of("config.json", "model.safetensors", "../tokenizer.json")) {
      Path from = RESOURCES.resolve(model).resolve(file);
      Files.copy(from, copy.resolve(from.getFileName()));
    }
    return "model";
  }

  private JobResult run(String json, String name) throws IOException {
    SourceSettings settings =
        new SourceSettings(new Roots(List.of(RESOURCES, folder)), new Roots(List.of(RESOURCES)));
    JobSpec spec = JsonMapper.shared().readValue(json, JobSpec.class);
    return new QuantizationRun(new JobInputs(settings))
        .run(TestContext.of(spec, Files.createDirectories(folder.resolve(name))));
  }
}
