package org.alphaquant.scheme.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.alphaquant.job.JobSpec;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.JobPreparation;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.prepare.SourceSettings;
import org.alphaquant.prepare.SourceSettings.Roots;
import org.alphaquant.problem.Problem;
import org.alphaquant.scheme.Presets;
import org.alphaquant.storage.PlannedTensor;
import org.alphaquant.storage.serving.TargetRuntime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.json.JsonMapper;

class GgufPlanTest {

  private static final JobPreparation PREPARATION =
      new JobPreparation(
          new JobInputs(
              new SourceSettings(
                  new Roots(List.of(Path.of("src/test/resources"), Path.of("examples/models"))),
                  new Roots(List.of(Path.of("examples"))))));

  private static Plan plan(String model, String config, String output) {
    String json =
        "{\"model\": \"%s\", \"config\": %s, \"output\": %s}".formatted(model, config, output);
    try (PreparedJob job = PREPARATION.open(JsonMapper.shared().readValue(json, JobSpec.class))) {
      return job.plan();
    }
  }

  private static Plan plan(String model, String config) {
    return plan(model, config, "{\"format\": \"gguf\"}");
  }

  private static List<String> errors(Plan plan) {
    return plan.errors().stream().map(Problem::detail).toList();
  }

  private static Stream<String> types(Plan plan, String name) {
    return plan.tensors().stream()
        .filter(tensor -> tensor.name().contains(name))
        .map(tensor -> tensor.tensor().dtype());
  }

  @Test
  void llamaCppAsATargetMeansGgufAndGgufMeansLlamaCpp() {
    Plan plan =
        plan(
            "models/olmoe-wide",
            "{\"default\": {\"wq\": \"q4_k\"}}",
            "{\"target_runtime\": \"llama.cpp\"}");
    assertThat(plan.format().name()).isEqualTo("gguf");
    assertThat(plan.errors()).isEmpty();
    assertThat(plan("models/olmoe-wide", "{\"default\": {\"wq\": \"q4_k\"}}").target())
        .isEqualTo(TargetRuntime.LLAMA_CPP);
  }

  @Test
  void anotherFormatIsNotReadByIt() {
    Plan plan =
        plan(
            "micro/olmoe",
            "{\"default\": {\"wq\": \"int4\", \"group_size\": 32}}",
            "{\"format\": \"compressed-tensors\", \"target_runtime\": \"llama.cpp\"}");
    assertThat(errors(plan))
        .containsExactly("llama.cpp does not read checkpoints in the format compressed-tensors");
  }

  @Test
  void expertsOfAProjectionAreOneTensorAndBitsAreTheFilesOwn() {
    Plan plan = plan("models/olmoe-wide", "{\"default\": {\"wq\": \"q4_k\"}}");
    assertThat(plan.bitsPerWeight()).isEqualTo(4.5);
    assertThat(types(plan, "ffn_gate_exps")).containsExactly("Q4_K");
    assertThat(types(plan, "ffn_gate_inp")).containsOnly("F32");
    PlannedTensor experts =
        plan.tensors().stream()
            .filter(tensor -> tensor.name().equals("blk.0.ffn_down_exps.weight"))
            .findFirst()
            .orElseThrow();
    assertThat(experts.tensor().shape()).containsExactly(5L, 256L, 256L);
    assertThat(experts.pieces()).hasSize(5);
  }

  @Test
  void rowsThatForbidAKQuantGetTheEnginesOwnFallbackAndSayIt() {
    Plan plan = plan("olmoe-demo", "{\"default\": {\"wq\": \"q4_k\"}}");
    assertThat(plan.errors()).isEmpty();
    assertThat(types(plan, "ffn_down_exps")).containsOnly("Q5_0");
    assertThat(plan.findings())
        .extracting(Problem::code, Problem::detail)
        .anySatisfy(
            found -> {
              assertThat(found.toList().get(0)).isEqualTo("fallback");
              assertThat(found.toList().get(1).toString()).contains("are no multiple of 256");
            });
  }

  @Test
  void compressedKeysAndValuesStayUnquantized() {
    Plan plan = plan("micro/deepseek_v2", "{\"default\": {\"wq\": \"int4\", \"group_size\": -1}}");
    assertThat(types(plan, "attn_k_b")).containsOnly("BF16");
    assertThat(plan.findings()).extracting(Problem::code).contains("fallback");
  }

  @Test
  void expertsOfDifferentTypesAreRefusedByTheTensorsName() {
    Plan plan =
        plan(
            "micro/olmoe",
            "{\"default\": {\"wq\": \"int4\", \"group_size\": 32},"
                + " \"overrides\": [{\"pattern\": \"*.1.mlp.experts.3.up_proj\", \"wq\": \"int8\"}]}");
    assertThat(errors(plan))
        .singleElement()
        .asString()
        .contains("blk.1.ffn_up_exps.weight", "Q4_0", "Q8_0");
    assertThat(plan.tensors()).isEmpty();
  }

  @Test
  void whatNoTypeHoldsComesWithTheNearest() {
    assertThat(errors(plan("micro/olmoe", "{\"default\": {\"wq\": \"int4\", \"group_size\": 16}}")))
        .anySatisfy(error -> assertThat(error).contains("int4 g16", "int4 in groups of 32"));
    assertThat(errors(plan("micro/olmoe", "{\"default\": {\"wq\": \"mxfp6\"}}")))
        .anySatisfy(error -> assertThat(error).contains("the nearest is q6_k"));
  }

  @Test
  void whatItWouldComputeOtherwiseIsAnErrorForItAndAWarningForNone() {
    String config = "{\"default\": {\"wq\": \"int4\", \"group_size\": 32}}";
    assertThat(errors(plan("micro/olmoe_clip", config)))
        .anySatisfy(error -> assertThat(error).contains("clip_qkv"));
    Plan none =
        plan("micro/olmoe_clip", config, "{\"format\": \"gguf\", \"target_runtime\": \"none\"}");
    assertThat(none.errors()).isEmpty();
    assertThat(none.findings()).extracting(Problem::code).contains("engine-differs");
  }

  static Stream<String> bundled() {
    return Stream.of("micro", "families", "models", "../../../examples/models")
        .flatMap(folder -> folders(Path.of("src/test/resources", folder)))
        .map(Path.of("src/test/resources")::relativize)
        .map(Path::toString)
        .map(name -> name.replace("../../../examples/models/", ""));
  }

  private static Stream<Path> folders(Path within) {
    try (Stream<Path> found = Files.list(within)) {
      return found.filter(Files::isDirectory).sorted().toList().stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What is refused is refused as it would be without quantizing anything. */
  @ParameterizedTest
  @MethodSource("bundled")
  void itsPresetsFitEveryModelThatItsEngineRuns(String model) {
    List<String> unquantized = errors(plan(model, "{\"default\": {\"wq\": \"bf16\"}}"));
    for (String preset : List.of("gguf-q4", "gguf-q3-mixed")) {
      Plan plan = plan(model, Presets.named(preset).orElseThrow().config().toString());
      assertThat(errors(plan)).as(preset).isEqualTo(unquantized);
    }
  }
}
