package org.alphaquant.prepare;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.plan.JobPlan;
import org.alphaquant.problem.Problem;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

class DistillPlanTest {

  private static final String INT4 =
      "\"config\": {\"default\": {\"wq\": \"int4\", \"group_size\": 32}}";

  @Test
  void thePlansMemoryAndTimeCountTheTraining() {
    JobPlan without = PlanAnswer.of(open("micro/olmoe", INT4));
    JobPlan with = PlanAnswer.of(open("micro/olmoe", INT4 + ", \"distill\": {}"));
    assertThat(with.memory().deviceBytes()).isGreaterThan(without.memory().deviceBytes());
    assertThat(with.estimates().get(0).minutes())
        .isGreaterThan(10 * without.estimates().get(0).minutes());
    assertThat(problems("micro/olmoe", INT4 + ", \"distill\": {}")).isEmpty();
  }

  @Test
  void lessMemoryThanATrainingTakesIsRefusedWithBothFigures() {
    String little = ", \"distill\": {}, \"resources\": {\"memory_bytes\": 100000000}";
    assertThat(problems("micro/olmoe", INT4 + little))
        .singleElement()
        .asString()
        .contains("training takes", "memory_bytes gives 0.1 GB");
  }

  @Test
  void mixersAndScalesThatAreNotTrainedAreNamed() {
    assertThat(problems("families/qwen3_next", INT4 + ", \"distill\": {}"))
        .singleElement()
        .asString()
        .contains("layer 0 mixes its tokens by");
    assertThat(problems("micro/llama", INT4 + ", \"distill\": {\"balanced\": true}"))
        .singleElement()
        .asString()
        .contains("the model has none");
    String quants =
        "\"config\": {\"default\": {\"wq\": \"q4_k\"}}, \"output\": {\"format\": \"gguf\"}, \"distill\": {}";
    assertThat(problems("models/olmoe-wide", quants))
        .singleElement()
        .asString()
        .contains("q4_k", "two levels");
  }

  private static List<String> problems(String model, String fields) {
    return DistillPlan.of(open(model, fields)).orElseThrow().problems().stream()
        .map(Problem::detail)
        .toList();
  }

  private static PreparedJob open(String model, String fields) {
    SourceSettings.Roots roots = new SourceSettings.Roots(List.of(Path.of("src/test/resources")));
    JobSpec spec =
        JsonMapper.shared()
            .readValue("{\"model\": \"%s\", %s}".formatted(model, fields), JobSpec.class);
    return new JobPreparation(new JobInputs(new SourceSettings(roots, roots))).open(spec);
  }
}
