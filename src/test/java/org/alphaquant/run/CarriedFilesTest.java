package org.alphaquant.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.SourceSettings;
import org.alphaquant.prepare.SourceSettings.Roots;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What stands beside the weights of a source, and what its card says, in a finished result. */
class CarriedFilesTest {

  private static final JsonMapper JSON = JsonMapper.shared();

  @TempDir Path folder;

  private void source() throws IOException {
    Path fixture = Path.of("src/test/resources/micro/olmoe");
    Path model = Files.createDirectories(folder.resolve("models/m/additional_chat_templates"));
    for (String file : List.of("config.json", "tokenizer.json", "model.safetensors")) {
      Files.copy(fixture.resolve(file), model.resolveSibling(file));
    }
    Files.writeString(model.resolve("tools.jinja"), "{{ messages }}");
    Files.writeString(model.resolveSibling("tekken.json"), "{}");
    Files.writeString(model.resolveSibling("consolidated.safetensors"), "other weights");
    Files.writeString(model.resolveSibling("quantize_config.json"), "{}");
    Files.writeString(
        model.resolveSibling("README.md"),
        """
        ---
        license: other
        license_name: "model: licence"
        license_link: LICENSE
        base_model: [first/base, second/base]
        language:
          - en
        tags: [never]
        ---
        # The source
        """);
  }

  @Test
  void filesOfFoldersAreArtifactsAndTheReportNamesWhatIsLeftOut() throws IOException {
    source();
    TestContext context =
        TestContext.of(
            JSON.readValue(
                """
                {"model": "m", "config": {"default": {"wq": "int8", "group_size": -1}},
                 "gptq": {"sweeps": 0, "scale_search": false},
                 "calibration": {"path": "text/short.txt", "samples": 2, "sequence_length": 32}}
                """,
                JobSpec.class),
            folder.resolve("1"));
    JobResult result =
        new QuantizationRun(
                new JobInputs(
                    new SourceSettings(
                        new Roots(List.of(folder.resolve("models"))),
                        new Roots(List.of(Path.of("src/test/resources"))))))
            .run(context);
    assertThat(result.artifacts())
        .extracting(JobResult.Artifact::name)
        .contains("additional_chat_templates/tools.jinja", "tekken.json", "tokenizer.json")
        .doesNotContain("consolidated.safetensors", "quantize_config.json");
    Path written = context.artifactDirectory();
    JsonNode leftOut =
        JSON.readTree(written.resolve("quantization_report.json").toFile()).get("left_out");
    assertThat(leftOut.get("consolidated.safetensors").asString()).isEqualTo("weights");
    assertThat(leftOut.get("quantize_config.json").asString()).contains("quantization");
    assertThat(leftOut.has("model.safetensors")).isFalse();
    assertThat(Files.readString(written.resolve("README.md")))
        .startsWith("---\nbase_model: [\"m\",\"first/base\",\"second/base\"]\n")
        .contains(
            "license: \"other\"\n",
            "license_name: \"model: licence\"\n",
            "license_link: \"LICENSE\"\n",
            "language: [\"en\"]\n",
            "tags: [\"alphaquant\",\"compressed-tensors\"]\n")
        .doesNotContain("never");
  }
}
