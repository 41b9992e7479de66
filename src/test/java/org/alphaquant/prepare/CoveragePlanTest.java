package org.alphaquant.prepare;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.alphaquant.job.JobSpec;
import org.alphaquant.problem.Problem;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

class CoveragePlanTest {

  private static final String ALL = "\"coverage\": \"all\"";

  @Test
  void widthsBelowTheRoutersAndAboveAllExpertsAreRefused() {
    assertThat(problems("micro/olmoe", "\"coverage\": {\"top_k\": 1}"))
        .containsExactly(
            "top_k is 1; it must be from 2, which the router takes, to 8, which there are");
    assertThat(problems("micro/olmoe", "\"coverage\": {\"top_k\": 9}")).hasSize(1);
    assertThat(problems("micro/olmoe", "\"coverage\": {\"top_k\": 8}")).isEmpty();
    assertThat(problems("micro/olmoe", ALL)).isEmpty();
  }

  @Test
  void aModelWithoutExpertsHasNothingToCover() {
    assertThat(problems("micro/llama", ALL))
        .containsExactly("coverage is of experts; the model has none");
    assertThat(problems("micro/llama", "\"self_written\": {\"balanced\": true}"))
        .containsExactly("balanced asks for text that uses the experts evenly; the model has none");
    assertThat(problems("micro/llama", "\"self_written\": {}")).isEmpty();
  }

  @Test
  void beamsNeedACacheOfKeysAndValues() {
    assertThat(problems("families/qwen3_next", "\"coverage\": \"balanced\""))
        .singleElement()
        .asString()
        .contains("needs attention with a cache of keys and values");
  }

  @Test
  void whatIsWidenedTakesMoreWorkAndMemory() {
    try (PreparedJob natural = job("micro/olmoe", "\"samples\": 64");
        PreparedJob all = job("micro/olmoe", ALL + ", \"samples\": 64")) {
      CoveragePlan few = new CoveragePlan(natural);
      CoveragePlan many = new CoveragePlan(all);
      assertThat(few.operations(1000)).isZero();
      assertThat(many.operations(1000)).isPositive();
      assertThat(few.largest(1000).expertsPerToken()).isEqualTo(2);
      assertThat(many.largest(1000).expertsPerToken()).isEqualTo(8);
    }
  }

  private static List<String> problems(String model, String calibration) {
    try (PreparedJob job = job(model, calibration)) {
      return new CoveragePlan(job).problems().stream().map(Problem::detail).toList();
    }
  }

  private static PreparedJob job(String model, String calibration) {
    String spec =
        """
        {"model": "%s", "config": {"default": {"wq": "bf16"}}, "calibration": {%s}}
        """
            .formatted(model, calibration);
    SourceSettings.Roots roots = new SourceSettings.Roots(List.of(Path.of("src/test/resources")));
    return new JobPreparation(new JobInputs(new SourceSettings(roots, roots)))
        .open(JsonMapper.shared().readValue(spec, JobSpec.class));
  }
}
