package org.alphaquant.model.design;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.alphaquant.architecture.ModelConfig;
import tools.jackson.databind.JsonNode;

/**
 * Keys of config.json that change the arithmetic of any model. If a family does not read such a
 * key, it would compute a different model than was trained, so the key is refused unless its value
 * has no effect.
 */
final class ArithmeticKeys {

  private static final Predicate<JsonNode> NONE = JsonNode::isNull;
  private static final Predicate<JsonNode> NONE_OR_OFF =
      NONE.or(value -> value.isBoolean() && !value.asBoolean());
  private static final Predicate<JsonNode> NONE_OR_ZERO =
      NONE_OR_OFF.or(value -> value.isNumber() && value.numberValue().doubleValue() == 0);
  private static final Predicate<JsonNode> NONE_OR_ONE =
      NONE.or(value -> value.isNumber() && value.numberValue().doubleValue() == 1);
  private static final Predicate<JsonNode> ALL_FULL = NONE.or(ArithmeticKeys::onlyFullAttention);
  private static final Predicate<JsonNode> ALL_ONES =
      NONE.or(value -> value.isArray() && all(value, NONE_OR_ONE));

  /** Values that have no effect, by key. */
  private static final Map<String, Predicate<JsonNode>> HARMLESS = harmless();

  private ArithmeticKeys() {}

  private static Map<String, Predicate<JsonNode>> harmless() {
    Map<String, Predicate<JsonNode>> keys = new TreeMap<>();
    List.of("embedding_multiplier", "residual_multiplier", "logits_scaling", "logit_scale")
        .forEach(key -> keys.put(key, NONE_OR_ONE));
    List.of("lm_head_multiplier", "key_multiplier", "attention_out_multiplier", "scale_emb")
        .forEach(key -> keys.put(key, NONE_OR_ONE));
    List.of("routed_scaling_factor", "router_scaling_factor", "route_scale", "emb_scale")
        .forEach(key -> keys.put(key, NONE_OR_ONE));
    List.of("attention_multiplier", "query_pre_attn_scalar", "clip_qkv", "attn_temperature_tuning")
        .forEach(key -> keys.put(key, NONE_OR_ZERO));
    List.of("attn_logit_softcapping", "final_logit_softcapping", "moe_router_logit_softcapping")
        .forEach(key -> keys.put(key, NONE_OR_ZERO));
    List.of("swiglu_limit", "swiglu_limits", "attention_value_scale", "attention_chunk_size")
        .forEach(key -> keys.put(key, NONE_OR_ZERO));
    List.of(
            "alibi",
            "use_alibi",
            "mup_enabled",
            "use_bidirectional_attention",
            "use_parallel_block")
        .forEach(key -> keys.put(key, NONE_OR_OFF));
    List.of("parallel_attn", "use_parallel_residual", "hidden_size_per_layer_input", "index_topk")
        .forEach(key -> keys.put(key, NONE_OR_ZERO));
    List.of("mup_width_multiplier", "moe_router_topk_scaling_factor")
        .forEach(key -> keys.put(key, NONE_OR_ONE));
    List.of("scale_depth", "dim_model_base", "rope_interleaved")
        .forEach(key -> keys.put(key, NONE_OR_ZERO));
    keys.put("layer_types", ALL_FULL);
    keys.put("no_rope_layers", ALL_ONES);
    return keys;
  }

  /**
   * Refuses keys that a family has not read.
   *
   * @throws org.alphaquant.architecture.ModelException naming the key
   */
  static void refuseUnread(ModelConfig config, String family) {
    HARMLESS.forEach((key, harmless) -> refuse(config, key, harmless, family));
    refuseWindow(config, family);
    for (String rotary : List.of("rope_parameters", "rope_scaling")) {
      config
          .objectOrNull(rotary)
          .ifPresent(it -> refuse(it, "llama_4_scaling_beta", NONE_OR_ZERO, family));
    }
  }

  // A window that config.json switches off, or that no layer has, changes nothing.
  private static void refuseWindow(ModelConfig config, String family) {
    JsonNode used = config.root().get("use_sliding_window");
    boolean off = used != null && used.isBoolean() && !used.asBoolean();
    if (!off && !config.wasAsked("layer_types")) {
      refuse(config, "sliding_window", NONE_OR_ZERO, family);
    }
  }

  private static void refuse(
      ModelConfig config, String key, Predicate<JsonNode> harmless, String family) {
    JsonNode value = config.root().get(key);
    if (value != null && !config.wasAsked(key) && !harmless.test(value)) {
      throw config.wrong(
          key,
          "is " + value + ", which the family " + family + " does not know; it would be ignored");
    }
  }

  private static boolean onlyFullAttention(JsonNode types) {
    return types.isArray()
        && all(
            types,
            type -> List.of("full_attention", "indexed_attention").contains(type.asString()));
  }

  private static boolean all(JsonNode array, Predicate<JsonNode> test) {
    for (JsonNode element : array) {
      if (!test.test(element)) {
        return false;
      }
    }
    return true;
  }
}
