package org.alphaquant.prepare;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.alphaquant.estimate.DistillMemory;
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
  void lessMemoryThanOneLayerTakesIsRefusedWithBothFigures() {
    long least = training(", \"distill\": {}").memory().deviceBytes(1);
    assertThat(problems("micro/olmoe", INT4 + within(least - 1, "{}")))
        .singleElement()
        .asString()
        .contains("training 1 of 3 layers at a time takes", "memory_bytes gives");
    assertThat(problems("micro/olmoe", INT4 + within(least, "{\"window\": 3}")))
        .singleElement()
        .asString()
        .contains("training 3 of 3 layers at a time takes");
  }

  @Test
  void whatDoesNotFitAtOnceIsTrainedInWindowsAndThePlanSaysSo() {
    DistillMemory memory = training(", \"distill\": {}").memory();
    String little = INT4 + within(memory.deviceBytes(1), "{}");
    assertThat(problems("micro/olmoe", little)).isEmpty();
    JobPlan plan = PlanAnswer.of(open("micro/olmoe", little));
    assertThat(plan.memory().deviceBytes()).isLessThan(memory.deviceBytes());
    assertThat(plan.warnings())
        .filteredOn(problem -> problem.code().equals("trained-in-windows"))
        .singleElement()
        .satisfies(
            note -> {
              assertThat(note.value()).isEqualTo(1);
              assertThat(note.detail()).contains("1 of 3 layers are trained at a time");
            });
    assertThat(training(within(memory.deviceBytes(), "{}")).notes()).isEmpty();
    assertThat(training(", \"distill\": {\"window\": 1}").notes()).hasSize(1);
  }

  @Test
  void aStepHasAsManySequencesAsHaveItsTokens() {
    String longer = ", \"distill\": {}, \"calibration\": {\"sequence_length\": %d}";
    assertThat(training(longer.formatted(64)).memory().tokens()).isEqualTo(16 * 64);
    assertThat(training(longer.formatted(600)).memory().tokens()).isEqualTo(13 * 600);
    assertThat(training(longer.formatted(2048)).memory().tokens()).isEqualTo(8 * 2048);
  }

  private static String within(long bytes, String distill) {
    return ", \"distill\": %s, \"resources\": {\"memory_bytes\": %d}".formatted(distill, bytes);
  }

  private static DistillPlan training(String fields) {
    return DistillPlan.of(open("micro/olmoe", INT4 + fields)).orElseThrow();
  }

  @Test
  void mixersThatAreNotTrainedAreNamedAndEveryTypeOfGgufIsTrained() {
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
    assertThat(problems("models/olmoe-wide", quants)).isEmpty();
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
