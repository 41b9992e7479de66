package org.alphaquant.storage.quark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.storage.Modules;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class QuarkConfigTest {
  private static final TensorScheme MXFP6 = TensorScheme.of(NumberFormat.MXFP6_E2M3, 32);
  private static final TensorScheme MXFP4 =
      new TensorScheme(NumberFormat.MXFP4, 32, true, NumberFormat.MXFP4);

  private static JsonNode config(TensorScheme attentionOfLayer1) {
    return QuarkConfig.of(
        Modules.olmoe(
            3,
            4,
            name -> {
              if (name.contains("experts")) {
                return MXFP4;
              }
              if (name.startsWith("model.layers.1.self_attn.o")) {
                return attentionOfLayer1;
              }
              return name.contains("self_attn") ? MXFP6 : TensorScheme.UNQUANTIZED;
            }));
  }

  @Test
  void expertsAreTheGlobalScheme() {
    JsonNode global = config(MXFP6).get("global_quant_config");
    assertThat(global.at("/weight/dtype").stringValue()).isEqualTo("fp4");
    assertThat(global.at("/weight/is_dynamic").booleanValue()).isFalse();
    assertThat(global.at("/weight/scale_format").stringValue()).isEqualTo("e8m0");
    assertThat(global.at("/weight/group_size").intValue()).isEqualTo(32);
    assertThat(global.at("/input_tensors/dtype").stringValue()).isEqualTo("fp4");
    assertThat(global.at("/input_tensors/is_dynamic").booleanValue()).isTrue();
  }

  @Test
  void otherSchemesAreExceptionsByGlob() {
    JsonNode exceptions = config(MXFP6).get("layer_quant_config");
    assertThat(exceptions.properties().stream().map(Map.Entry::getKey))
        .containsExactly(
            "model.layers.*.self_attn.q_proj",
            "model.layers.*.self_attn.k_proj",
            "model.layers.*.self_attn.v_proj",
            "model.layers.*.self_attn.o_proj");
    JsonNode query = exceptions.get("model.layers.*.self_attn.q_proj");
    assertThat(query.at("/weight/dtype").stringValue()).isEqualTo("fp6_e2m3");
    assertThat(query.get("input_tensors").isNull()).isTrue();
  }

  @Test
  void layersThatDifferAreNamedOneByOne() {
    assertThat(
            config(TensorScheme.UNQUANTIZED).get("layer_quant_config").properties().stream()
                .map(Map.Entry::getKey))
        .contains("model.layers.0.self_attn.o_proj", "model.layers.2.self_attn.o_proj")
        .doesNotContain("model.layers.*.self_attn.o_proj");
  }

  @Test
  void routersAndHeadAreExcluded() {
    assertThat(config(MXFP6).get("exclude").toString())
        .isEqualTo("[\"re:lm_head$\",\"re:model\\\\.layers\\\\.\\\\d+\\\\.mlp\\\\.gate$\"]");
  }

  @Test
  void theObjectsThatVllmAsksForAreThere() {
    JsonNode config = config(MXFP6);
    assertThat(config.get("quant_method").stringValue()).isEqualTo("quark");
    assertThat(config.get("layer_type_quant_config").isObject()).isTrue();
    assertThat(config.at("/export/pack_method").stringValue()).isEqualTo("reorder");
    assertThat(config.at("/export/weight_format").stringValue()).isEqualTo("real_quantized");
  }
}
