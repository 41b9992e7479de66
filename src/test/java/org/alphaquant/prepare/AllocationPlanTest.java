package org.alphaquant.prepare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.alphaquant.allocate.Grain;
import org.alphaquant.allocate.Unit;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.plan.JobPlan;
import org.alphaquant.problem.Problem;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class AllocationPlanTest {

  private static final String INT4 = "{\"default\": {\"wq\": \"int4\", \"group_size\": 32}}";

  @Test
  void projectionsDifferWhereAnyMixIsServedAndWholeBlocksOfExpertsInVllm() {
    AllocationPlan any = plan("micro/olmoe", INT4, "4.5", "\"format\": \"dequantized\"");
    assertThat(any.grain()).isEqualTo(Grain.PROJECTION);
    assertThat(any.units())
        .extracting(Unit::name)
        .contains(
            "model.layers.0.self_attn.qkv_proj",
            "model.layers.0.self_attn.o_proj",
            "model.layers.0.mlp.experts.*.gate_up_proj",
            "model.layers.0.mlp.experts.*.down_proj");
    AllocationPlan vllm = plan("models/olmoe-wide", INT4, "4.5", "\"target_runtime\": \"vllm\"");
    assertThat(vllm.grain()).isEqualTo(Grain.EXPERT_BLOCK);
    assertThat(vllm.units())
        .extracting(Unit::name)
        .contains("model.layers.0.self_attn.qkv_proj", "model.layers.0.mlp.experts")
        .noneMatch(name -> name.contains("down_proj"));
    AllocationPlan one = plan("micro/olmoe", INT4, "4.5", "\"target_runtime\": \"transformers\"");
    assertThat(one.grain()).isEqualTo(Grain.ALL_EXPERTS);
    assertThat(one.units()).extracting(Unit::name).contains("experts");
  }

  @Test
  void formatsAreThoseAroundTheBudgetThatTheTargetServes() {
    assertThat(formats(plan("micro/olmoe", INT4, "3.5", "\"format\": \"dequantized\"")))
        .containsExactly("int2", "int3", "int4", "int5");
    assertThat(formats(plan("micro/olmoe", INT4, "7", "\"format\": \"dequantized\"")))
        .containsExactly("int5", "int6", "int8");
    assertThat(formats(plan("models/olmoe-wide", INT4, "4.6", "\"target_runtime\": \"sglang\"")))
        .containsExactly("int4", "int8");
    String q4 = "{\"default\": {\"wq\": \"q4_k\"}}";
    assertThat(formats(plan("models/olmoe-wide", q4, "4.5", "\"format\": \"gguf\"")))
        .containsExactly("q2_k", "q3_k", "q4_k", "q5_k", "q6_k");
  }

  @Test
  void budgetsThatNoFormatGivesAreRefusedWithBothLimits() {
    for (String bits : List.of("2.4", "8.6")) {
      assertThat(plan("micro/olmoe", INT4, bits, "\"format\": \"dequantized\"").problems())
          .singleElement()
          .satisfies(
              problem -> {
                assertThat(problem.pointer()).isEqualTo("/budget/bits_per_weight");
                assertThat(problem.detail()).contains(bits, "(2.500)", "(8.500)", "int2", "int8");
              });
    }
    AllocationPlan unknown =
        of("micro/olmoe", INT4, "\"bits_per_weight\": 4, \"formats\": [\"int4\", \"int9\"]", "");
    assertThat(unknown.problems()).extracting(Problem::pointer).contains("/budget/formats");
    assertThat(unknown.problems()).extracting(Problem::detail).anyMatch(it -> it.contains("int9"));
    String nothing = "{\"default\": {\"wq\": \"bf16\"}}";
    assertThat(plan("micro/olmoe", nothing, "4", "").problems())
        .extracting(Problem::detail)
        .containsExactly("the configuration quantizes nothing that a budget could be shared among");
  }

  @Test
  void theChosenConfigurationIsThePostedOneWithOverridesBehind() {
    String config =
        "{\"default\": {\"wq\": \"int4\", \"group_size\": 32}, \"overrides\": [{\"pattern\": \"*.experts.0.*\", \"skip\": true}]}";
    AllocationPlan plan = plan("micro/olmoe", config, "4.5", "\"format\": \"dequantized\"");
    int[] choice = new int[plan.units().size()];
    Arrays.setAll(choice, u -> u % plan.formats().size());
    PreparedJob chosen = plan.job().configured(plan.config(choice));
    assertThat(chosen.plan().errors()).isEmpty();
    for (int u = 0; u < choice.length; u++) {
      String wanted = plan.formats().get(choice[u]).name();
      int unit = u;
      assertThat(chosen.plan().modules())
          .filteredOn(module -> plan.units().get(unit).names().contains(module.name()))
          .extracting(module -> module.scheme().format().jsonName())
          .containsOnly(wanted);
    }
    assertThat(chosen.plan().content().quantized())
        .extracting(module -> module.name())
        .noneMatch(name -> name.contains(".experts.0."))
        .hasSameSizeAs(plan.job().plan().content().quantized());
  }

  @Test
  void layersThatAreAlikeShareAnOverride() {
    AllocationPlan plan = plan("micro/olmoe", INT4, "4.5", "\"format\": \"dequantized\"");
    int[] same = new int[plan.units().size()];
    assertThat(plan.config(same).get("overrides").valueStream().map(it -> it.get("pattern")))
        .extracting(JsonNode::stringValue)
        .containsExactly(
            "model.layers.*.self_attn.q_proj",
            "model.layers.*.self_attn.k_proj",
            "model.layers.*.self_attn.v_proj",
            "model.layers.*.self_attn.o_proj",
            "model.layers.*.mlp.experts.*.gate_proj",
            "model.layers.*.mlp.experts.*.up_proj",
            "model.layers.*.mlp.experts.*.down_proj");
    same[same.length - 1]++;
    assertThat(plan.config(same).get("overrides").valueStream().map(it -> it.get("pattern")))
        .extracting(JsonNode::stringValue)
        .contains("model.layers.2.mlp.experts.*.down_proj")
        .doesNotContain("model.layers.*.mlp.experts.*.down_proj");
  }

  @Test
  void thePlanTellsOfTheChoiceAndCountsItsWork() {
    JobPlan without = PlanAnswer.of(open("micro/olmoe", INT4, "", ""));
    JobPlan with = PlanAnswer.of(open("micro/olmoe", INT4, "\"bits_per_weight\": 4.4", ""));
    assertThat(with.allocation().budgetBytes()).isGreaterThan(with.allocation().leastBytes());
    assertThat(with.bitsPerWeight()).isCloseTo(4.4, within(0.044));
    assertThat(with.bytes().after()).isLessThan(without.bytes().after());
    assertThat(with.estimates().get(0).minutes())
        .isGreaterThan(4 * without.estimates().get(0).minutes());
    assertThat(with.tensors()).isEmpty();
    assertThat(with.warnings())
        .extracting(Problem::code)
        .contains("mix-chosen-in-run", "mix-not-served");
    assertThat(without.allocation()).isNull();
  }

  @Test
  void singleExpertsKeepTheSchemeOfTheirLayerWhereAnEngineOrAFileFusesThem() {
    String rule = "\"adaptive\": [{\"below_share\": 0.01, \"wq\": \"int8\"}]";
    assertThat(adaptive("micro/olmoe", INT4, rule, "")).isEmpty();
    for (String output :
        List.of(
            "\"target_runtime\": \"vllm\"",
            "\"target_runtime\": \"sglang\"",
            "\"target_runtime\": \"transformers\"",
            "\"format\": \"gguf\"")) {
      assertThat(adaptive("models/olmoe-wide", INT4, rule, output))
          .as(output)
          .singleElement()
          .asString()
          .startsWith("/adaptive/0: single experts cannot have a scheme of their own here: ");
    }
    assertThat(adaptive("micro/llama", INT4, rule, ""))
        .containsExactly("/adaptive/0: the model has no experts");
    assertThat(adaptive("micro/olmoe", INT4, rule.replace("int8", "int9"), ""))
        .containsExactly("/adaptive/0/wq: int9 is not a format for weights");
  }

  private static List<String> adaptive(String model, String config, String rule, String output) {
    return new AdaptivePlan(open(model, config, rule, output, "moe"))
        .problems().stream().map(Problem::toString).toList();
  }

  private static List<String> formats(AllocationPlan plan) {
    assertThat(plan.problems()).isEmpty();
    return plan.formats().stream().map(AllocationPlan.Format::name).toList();
  }

  private static AllocationPlan plan(String model, String config, String bits, String output) {
    return of(model, config, "\"bits_per_weight\": " + bits, output);
  }

  private static AllocationPlan of(String model, String config, String budget, String output) {
    return AllocationPlan.of(open(model, config, budget, output)).orElseThrow();
  }

  private static PreparedJob open(String model, String config, String budget, String output) {
    return budget.isEmpty()
        ? open(model, config, "\"priority\": 0", output, "moe")
        : open(model, config, "\"budget\": {%s}".formatted(budget), output, "allocate");
  }

  private static PreparedJob open(
      String model, String config, String more, String output, String recipe) {
    SourceSettings.Roots roots = new SourceSettings.Roots(List.of(Path.of("src/test/resources")));
    JobSpec spec =
        JsonMapper.shared()
            .readValue(
                "{\"model\": \"%s\", \"config\": %s, \"output\": {%s}, \"recipe\": \"%s\", %s}"
                    .formatted(model, config, output, recipe, more),
                JobSpec.class);
    return new JobPreparation(new JobInputs(new SourceSettings(roots, roots))).open(spec);
  }
}
