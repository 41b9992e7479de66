package org.alphaquant.run;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Sizes of a published model, from its config.json on the hub, and the tensors that follow from
 * them.
 *
 * @param layers decoder layers of the whole model
 * @param fewest layers that a benchmark needs for one with experts
 * @param config what config.json says beside the number of layers
 */
record ModelShape(String name, int layers, int fewest, Map<String, Object> config) {

  private static final List<ModelShape> ALL =
      List.of(
          new ModelShape("tiny", 2, 1, olmoe(64, 32, 4, 2, 8, 512)),
          new ModelShape("olmoe-1b-7b", 16, 1, olmoe(2048, 1024, 16, 8, 64, 50304)),
          new ModelShape("qwen3-30b-a3b", 48, 1, qwen3()),
          new ModelShape("mixtral-8x7b", 32, 1, mixtral()),
          new ModelShape(
              "deepseek-v2-lite", 27, 2, deepseek(2048, 16, 0, 10944, 1408, 64, 6, 2, 102400)),
          new ModelShape("deepseek-v3", 61, 2, deepseekV3()));

  /** The shape of a name. */
  static ModelShape of(String name) {
    return ALL.stream()
        .filter(shape -> shape.name.equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "shape is '%s'; known are %s"
                        .formatted(name, ALL.stream().map(ModelShape::name).toList())));
  }

  /** The same with other sizes: {@code key:number} of config.json, by commas. */
  ModelShape with(String sizes) {
    Map<String, Object> changed = new LinkedHashMap<>(config);
    for (String size : sizes.split(",")) {
      String[] pair = size.split(":", 2);
      if (!changed.containsKey(pair[0])) {
        throw new IllegalArgumentException(
            "'%s' is no size of %s; it has %s".formatted(pair[0], name, config.keySet()));
      }
      changed.put(pair[0], Integer.parseInt(pair[1]));
    }
    return new ModelShape(name, layers, fewest, changed);
  }

  int number(String key) {
    return ((Number) config.get(key)).intValue();
  }

  int vocabulary() {
    return number("vocab_size");
  }

  /** config.json of a model with so many of the layers. */
  Map<String, Object> config(int count) {
    Map<String, Object> all = new LinkedHashMap<>(config);
    all.put("num_hidden_layers", count);
    return all;
  }

  /** Shapes of the tensors of a layer by their names, layer -1 being what surrounds the layers. */
  Map<String, int[]> tensors(int layer) {
    Map<String, int[]> tensors = new LinkedHashMap<>();
    int hidden = number("hidden_size");
    if (layer < 0) {
      tensors.put("model.embed_tokens.weight", new int[] {vocabulary(), hidden});
      tensors.put("model.norm.weight", new int[] {hidden});
      tensors.put("lm_head.weight", new int[] {vocabulary(), hidden});
      return tensors;
    }
    String prefix = "model.layers." + layer + ".";
    tensors.put(prefix + "input_layernorm.weight", new int[] {hidden});
    tensors.put(prefix + "post_attention_layernorm.weight", new int[] {hidden});
    attention(tensors, prefix + "self_attn.", hidden);
    if (layer < (int) config.getOrDefault("first_k_dense_replace", 0)) {
      mlp(tensors, prefix + "mlp.", hidden, number("intermediate_size"));
    } else {
      experts(tensors, prefix, hidden);
    }
    return tensors;
  }

  private void attention(Map<String, int[]> tensors, String prefix, int hidden) {
    int heads = number("num_attention_heads");
    if (config.containsKey("kv_lora_rank")) {
      latent(tensors, prefix, hidden, heads);
      return;
    }
    int size = (int) config.getOrDefault("head_dim", hidden / heads);
    int keys = number("num_key_value_heads") * size;
    tensors.put(prefix + "q_proj.weight", new int[] {heads * size, hidden});
    tensors.put(prefix + "k_proj.weight", new int[] {keys, hidden});
    tensors.put(prefix + "v_proj.weight", new int[] {keys, hidden});
    tensors.put(prefix + "o_proj.weight", new int[] {hidden, heads * size});
    String type = (String) config.get("model_type");
    if (!type.equals("mixtral")) {
      boolean perHead = type.equals("qwen3_moe");
      tensors.put(prefix + "q_norm.weight", new int[] {perHead ? size : heads * size});
      tensors.put(prefix + "k_norm.weight", new int[] {perHead ? size : keys});
    }
  }

  private void latent(Map<String, int[]> tensors, String prefix, int hidden, int heads) {
    int rank = number("kv_lora_rank");
    int rope = number("qk_rope_head_dim");
    int plain = number("qk_nope_head_dim");
    int value = number("v_head_dim");
    Integer queries = (Integer) config.get("q_lora_rank");
    if (queries == null) {
      tensors.put(prefix + "q_proj.weight", new int[] {heads * (plain + rope), hidden});
    } else {
      tensors.put(prefix + "q_a_proj.weight", new int[] {queries, hidden});
      tensors.put(prefix + "q_a_layernorm.weight", new int[] {queries});
      tensors.put(prefix + "q_b_proj.weight", new int[] {heads * (plain + rope), queries});
    }
    tensors.put(prefix + "kv_a_proj_with_mqa.weight", new int[] {rank + rope, hidden});
    tensors.put(prefix + "kv_a_layernorm.weight", new int[] {rank});
    tensors.put(prefix + "kv_b_proj.weight", new int[] {heads * (plain + value), rank});
    tensors.put(prefix + "o_proj.weight", new int[] {hidden, heads * value});
  }

  private void experts(Map<String, int[]> tensors, String layer, int hidden) {
    boolean mixtral = config.get("model_type").equals("mixtral");
    String prefix = layer + (mixtral ? "block_sparse_moe." : "mlp.");
    int width = (int) config.getOrDefault("moe_intermediate_size", number("intermediate_size"));
    int count = experts();
    tensors.put(prefix + "gate.weight", new int[] {count, hidden});
    if (config.get("model_type").equals("deepseek_v3")) {
      tensors.put(prefix + "gate.e_score_correction_bias", new int[] {count});
    }
    for (int e = 0; e < count; e++) {
      String expert = prefix + "experts." + e + ".";
      if (mixtral) {
        tensors.put(expert + "w1.weight", new int[] {width, hidden});
        tensors.put(expert + "w3.weight", new int[] {width, hidden});
        tensors.put(expert + "w2.weight", new int[] {hidden, width});
      } else {
        mlp(tensors, expert, hidden, width);
      }
    }
    int shared = (int) config.getOrDefault("n_shared_experts", 0);
    if (shared > 0) {
      mlp(tensors, prefix + "shared_experts.", hidden, shared * width);
    }
  }

  private static void mlp(Map<String, int[]> tensors, String prefix, int hidden, int width) {
    tensors.put(prefix + "gate_proj.weight", new int[] {width, hidden});
    tensors.put(prefix + "up_proj.weight", new int[] {width, hidden});
    tensors.put(prefix + "down_proj.weight", new int[] {hidden, width});
  }

  /** Routed experts of a layer. */
  int experts() {
    for (String key : List.of("num_experts", "num_local_experts", "n_routed_experts")) {
      if (config.containsKey(key)) {
        return number(key);
      }
    }
    throw new IllegalStateException(name + " has no experts");
  }

  private static Map<String, Object> common(String type, int hidden, int heads, int vocabulary) {
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("model_type", type);
    config.put("hidden_size", hidden);
    config.put("num_attention_heads", heads);
    config.put("vocab_size", vocabulary);
    config.put("hidden_act", "silu");
    config.put("rms_norm_eps", 1e-5);
    config.put("rope_theta", 10000.0);
    config.put("max_position_embeddings", 4096);
    config.put("attention_bias", false);
    config.put("tie_word_embeddings", false);
    config.put("torch_dtype", "bfloat16");
    return config;
  }

  private static Map<String, Object> olmoe(
      int hidden, int width, int heads, int chosen, int experts, int vocabulary) {
    Map<String, Object> config = common("olmoe", hidden, heads, vocabulary);
    config.put("architectures", List.of("OlmoeForCausalLM"));
    config.put("num_key_value_heads", heads);
    config.put("intermediate_size", width);
    config.put("num_experts", experts);
    config.put("num_experts_per_tok", chosen);
    config.put("norm_topk_prob", false);
    return config;
  }

  private static Map<String, Object> qwen3() {
    Map<String, Object> config = common("qwen3_moe", 2048, 32, 151936);
    config.put("architectures", List.of("Qwen3MoeForCausalLM"));
    config.put("num_key_value_heads", 4);
    config.put("head_dim", 128);
    config.put("intermediate_size", 6144);
    config.put("moe_intermediate_size", 768);
    config.put("num_experts", 128);
    config.put("num_experts_per_tok", 8);
    config.put("norm_topk_prob", true);
    config.put("decoder_sparse_step", 1);
    config.put("mlp_only_layers", List.of());
    return config;
  }

  private static Map<String, Object> mixtral() {
    Map<String, Object> config = common("mixtral", 4096, 32, 32000);
    config.put("architectures", List.of("MixtralForCausalLM"));
    config.put("num_key_value_heads", 8);
    config.put("intermediate_size", 14336);
    config.put("num_local_experts", 8);
    config.put("num_experts_per_tok", 2);
    return config;
  }

  private static Map<String, Object> deepseek(
      int hidden,
      int heads,
      int queries,
      int dense,
      int width,
      int experts,
      int chosen,
      int shared,
      int vocabulary) {
    Map<String, Object> config = common("deepseek_v2", hidden, heads, vocabulary);
    config.put("architectures", List.of("DeepseekV2ForCausalLM"));
    config.put("num_key_value_heads", heads);
    config.put("intermediate_size", dense);
    config.put("moe_intermediate_size", width);
    config.put("n_routed_experts", experts);
    config.put("n_shared_experts", shared);
    config.put("num_experts_per_tok", chosen);
    config.put("first_k_dense_replace", 1);
    config.put("moe_layer_freq", 1);
    config.put("q_lora_rank", queries == 0 ? null : (Integer) queries);
    config.put("kv_lora_rank", 512);
    config.put("qk_nope_head_dim", 128);
    config.put("qk_rope_head_dim", 64);
    config.put("v_head_dim", 128);
    config.put("n_group", 1);
    config.put("topk_group", 1);
    config.put("topk_method", "greedy");
    config.put("norm_topk_prob", false);
    config.put("routed_scaling_factor", 1.0);
    return config;
  }

  private static Map<String, Object> deepseekV3() {
    Map<String, Object> config = deepseek(7168, 128, 1536, 18432, 2048, 256, 8, 1, 129280);
    config.put("model_type", "deepseek_v3");
    config.put("architectures", List.of("DeepseekV3ForCausalLM"));
    config.put("n_group", 8);
    config.put("topk_group", 4);
    config.put("topk_method", "noaux_tc");
    config.put("scoring_func", "sigmoid");
    config.put("norm_topk_prob", true);
    config.put("routed_scaling_factor", 2.5);
    return config;
  }
}
