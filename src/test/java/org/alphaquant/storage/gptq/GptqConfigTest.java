package org.alphaquant.storage.gptq;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.storage.Modules;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class GptqConfigTest {
  private static final TensorScheme INT4 = TensorScheme.of(NumberFormat.INT4, 128);
  private static final TensorScheme INT8 = TensorScheme.of(NumberFormat.INT8, 128);

  private static JsonNode config(Function<String, TensorScheme> scheme) {
    return GptqConfig.of(Modules.olmoe(16, 8, scheme));
  }

  private static List<String> rules(JsonNode config) {
    return config.get("dynamic").properties().stream().map(Map.Entry::getKey).toList();
  }

  /** First rule whose expression matches the name from its start, as both readers take it. */
  private static String rule(JsonNode config, String name) {
    return rules(config).stream()
        .filter(key -> java.util.regex.Pattern.compile(key.substring(2)).matcher(name).lookingAt())
        .findFirst()
        .orElse("base");
  }

  private static TensorScheme mixed(String name) {
    if (name.endsWith("mlp.gate") || name.equals("lm_head")) {
      return TensorScheme.UNQUANTIZED;
    }
    boolean outer = name.matches("model\\.layers\\.(0|15)\\.mlp.*");
    return outer || name.contains("self_attn") ? INT8 : INT4;
  }

  @Test
  void theBaseIsTheSchemeOfTheExperts() {
    JsonNode config = config(name -> name.contains("experts") ? INT4 : TensorScheme.UNQUANTIZED);
    assertThat(config.get("bits").intValue()).isEqualTo(4);
    assertThat(config.get("group_size").intValue()).isEqualTo(128);
    assertThat(config.get("sym").booleanValue()).isTrue();
    assertThat(config.get("desc_act").booleanValue()).isFalse();
    assertThat(config.get("checkpoint_format").stringValue()).isEqualTo("gptq");
  }

  @Test
  void unquantizedModulesComeFirstAndMatchBothSpellings() {
    JsonNode config = config(name -> name.contains("experts") ? INT4 : TensorScheme.UNQUANTIZED);
    assertThat(rules(config)).allMatch(rule -> rule.startsWith("-:"));
    assertThat(rule(config, "model.layers.3.self_attn.q_proj")).startsWith("-:");
    assertThat(rule(config, "model.layers.3.self_attn.qkv_proj")).startsWith("-:");
    assertThat(rule(config, "model.layers.3.mlp.gate")).startsWith("-:");
    assertThat(rule(config, "lm_head")).startsWith("-:");
    assertThat(rule(config, "model.layers.3.mlp.experts")).isEqualTo("base");
    assertThat(rule(config, "model.layers.3.mlp.experts.3.gate_proj")).isEqualTo("base");
  }

  @Test
  void rulesMatchTheJointModulesOfVllm() {
    JsonNode config = config(GptqConfigTest::mixed);
    assertThat(config.get("bits").intValue()).isEqualTo(8);
    assertThat(rule(config, "model.layers.1.mlp.experts"))
        .isEqualTo("+:model\\.layers\\.(?:[1-9]|1[0-4])\\.mlp\\.experts.*");
    assertThat(rule(config, "model.layers.1.mlp.experts.7.down_proj")).startsWith("+:");
    assertThat(rule(config, "model.layers.15.mlp.experts")).isEqualTo("base");
    assertThat(rule(config, "model.layers.1.self_attn.qkv_proj")).isEqualTo("base");
    assertThat(config.get("dynamic").get(rule(config, "model.layers.1.mlp.experts")).toString())
        .isEqualTo("{\"bits\":4,\"group_size\":128}");
  }

  @Test
  void negativeRulesStandBeforePositiveOnes() {
    List<String> rules = rules(config(GptqConfigTest::mixed));
    assertThat(rules.stream().map(rule -> rule.substring(0, 2)).distinct())
        .containsExactly("-:", "+:");
  }

  /** Tensors that the forward pass does not read, but that engines build modules for. */
  @Test
  void theExpertsOfALayerThatPredictsAreExcludedByName() {
    List<ModuleScheme> modules = new ArrayList<>(Modules.olmoe(2, 4, GptqConfigTest::mixed));
    for (String name : List.of("0.gate_proj", "0.up_proj", "0.down_proj", "1.gate_proj")) {
      String module = "model.layers.2.mlp.experts." + name;
      ModuleKind kind = ModuleKind.UNREAD;
      modules.add(ModuleScheme.untouched(new ModuleDescription(module, 1024, 2048, kind, -1, -1)));
    }
    JsonNode config = GptqConfig.of(modules);
    assertThat(rule(config, "model.layers.2.mlp.experts.0.up_proj")).startsWith("-:");
    assertThat(rule(config, "model.layers.2.mlp.experts")).startsWith("-:");
    assertThat(rule(config, "model.layers.1.mlp.experts.0.up_proj")).doesNotStartWith("-:");
  }
}
