package org.alphaquant.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.model.ModelFamilies;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.SourceSettings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

class RotatedRunTest {

  private static final Path RESOURCES = Path.of("src/test/resources");

  @TempDir private Path folder;
  private TestContext context;

  /** Nothing is quantized: only the rounding to 16 bits is left of a difference. */
  @Test
  void theResultIsACheckpointOfTheSameFamilyAndFunction() throws IOException {
    JobResult result = run("micro/qwen2", "\"default\": {\"wq\": \"bf16\"}", "");
    assertThat(result.perplexity().after())
        .isCloseTo(result.perplexity().before(), within(0.01 * result.perplexity().before()));
    try (Checkpoint source = Checkpoint.open(RESOURCES.resolve("micro/qwen2"));
        Checkpoint written = Checkpoint.open(context.artifactDirectory())) {
      assertThat(source.config().get("tie_word_embeddings").asBoolean()).isTrue();
      assertThat(written.config().get("tie_word_embeddings").asBoolean()).isFalse();
      assertThat(written.names()).containsAll(source.names()).contains("lm_head.weight");
      String norm = "model.layers.0.input_layernorm.weight";
      assertThat(written.info(norm)).isEqualTo(source.info(norm));
      assertThat(written.bytes(norm)).isNotEqualTo(source.bytes(norm));
      assertThat(ModelFamilies.describe(written, null).family()).isEqualTo("qwen2");
    }
  }

  @Test
  void aRotatedMixtureIsQuantizedAndTrained() throws IOException {
    String distill =
        "\"distill\": {\"samples\": 4, \"sequences\": 0, \"epochs\": 1, \"batch\": 4, \"norm_rate\": 0},";
    JobResult result =
        run("micro/olmoe", "\"default\": {\"wq\": \"int8\", \"group_size\": 32}", distill);
    assertThat(result.perplexity().after())
        .isCloseTo(result.perplexity().before(), within(0.02 * result.perplexity().before()));
  }

  /** A format whose plain tensors are read from the source. */
  @Test
  void ggufIsMeasuredOnTheRotatedSource() throws IOException {
    JobResult result =
        run(
            "models/olmoe-wide",
            "\"default\": {\"wq\": \"bf16\"}, \"overrides\": [{\"pattern\": \"*.experts.*\", \"wq\": \"q4_k\"}]",
            "\"output\": {\"format\": \"gguf\"},");
    assertThat(result.perplexity().after())
        .isCloseTo(result.perplexity().before(), within(0.02 * result.perplexity().before()));
  }

  private JobResult run(String model, String config, String more) throws IOException {
    String spec =
        """
        {"model": "%s", "config": {%s}, "rotation": {"seed": 3}, %s
         "calibration": {"path": "text/short.txt", "samples": 4, "sequence_length": 24},
         "evaluation": {"perplexity": {"path": "text/short.txt", "window": 24}}}
        """
            .formatted(model, config, more);
    SourceSettings.Roots roots = new SourceSettings.Roots(List.of(RESOURCES));
    JobSpec job = JsonMapper.shared().readValue(spec, JobSpec.class);
    context = TestContext.of(job, folder);
    return new QuantizationRun(new JobInputs(new SourceSettings(roots, roots))).run(context);
  }
}
