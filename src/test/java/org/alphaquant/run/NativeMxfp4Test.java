package org.alphaquant.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.model.ModelFamilies;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.JobPreparation;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.prepare.SourceSettings;
import org.alphaquant.prepare.SourceSettings.Roots;
import org.alphaquant.problem.Problem;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

/** gpt-oss in the layout that it is published in. */
class NativeMxfp4Test {

  private static final Path RESOURCES = Path.of("src/test/resources");
  private static final JobInputs INPUTS =
      new JobInputs(
          new SourceSettings(new Roots(List.of(RESOURCES)), new Roots(List.of(RESOURCES))));
  private static final String EXPERTS =
      "{\"default\": {\"wq\": \"bf16\"}, \"overrides\": [{\"pattern\": \"*.experts.*\", \"wq\":"
          + " \"mxfp4\"}]}";

  @TempDir Path folder;

  private static JobSpec spec(String model, String config, String format) {
    return JsonMapper.shared()
        .readValue(
            """
            {"model": "%s", "config": %s, "output": {"format": "%s"},
             "gptq": {"sweeps": 0, "scale_search": false},
             "calibration": {"path": "text/short.txt", "samples": 4, "sequence_length": 64},
             "evaluation": {"perplexity": {"path": "text/short.txt", "window": 64}}}
            """
                .formatted(model, config, format),
            JobSpec.class);
  }

  /** The tensors of the published layout, whatever the source's; the source's own are that. */
  @ParameterizedTest
  @ValueSource(strings = {"gpt_oss", "gpt_oss_mxfp4"})
  void allExpertsInMxfp4AreWrittenAsPublished(String variant) throws IOException {
    TestContext context =
        TestContext.of(spec("variants/" + variant, EXPERTS, "auto"), folder.resolve(variant));
    JobResult result = new QuantizationRun(INPUTS).run(context);
    assertThat(result.perplexity().after())
        .isCloseTo(result.perplexity().before(), withinPercentage(20));
    try (Checkpoint written = Checkpoint.open(context.artifactDirectory());
        Checkpoint published = Checkpoint.open(RESOURCES.resolve("variants/gpt_oss_mxfp4"))) {
      assertThat(written.names()).containsExactlyInAnyOrderElementsOf(published.names());
      for (String name : published.names()) {
        assertThat(written.info(name)).isEqualTo(published.info(name));
      }
      assertThat(written.config().at("/quantization_config/quant_method").asString())
          .isEqualTo("mxfp4");
      assertThat(written.config().at("/quantization_config/modules_to_not_convert")).hasSize(4);
      assertThat(ModelFamilies.describe(written, null).unread()).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "micro/olmoe; {\"default\": {\"wq\": \"bf16\"}, \"overrides\": [{\"pattern\": \"*.experts.*\", \"wq\": \"mxfp4\"}]}; gpt-oss's own",
        "variants/gpt_oss; {\"default\": {\"wq\": \"bf16\"}, \"overrides\": [{\"pattern\": \"*.experts.1.*\", \"wq\": \"mxfp4\"}]}; no place for experts that are not quantized",
        "variants/gpt_oss; {\"default\": {\"wq\": \"mxfp4\"}}; everything else plain",
        "variants/gpt_oss; {\"default\": {\"wq\": \"int4\", \"group_size\": 32}}; everything else plain"
      })
  void whatTheLayoutHasNoPlaceForIsRefused(String model, String config, String detail) {
    try (PreparedJob job = new JobPreparation(INPUTS).open(spec(model, config, "mxfp4"))) {
      assertThat(job.plan().errors())
          .extracting(Problem::detail)
          .anyMatch(it -> it.contains(detail));
    }
  }
}
