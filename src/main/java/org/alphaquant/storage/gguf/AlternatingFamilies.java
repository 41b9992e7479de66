package org.alphaquant.storage.gguf;

import java.util.List;
import java.util.Map;
import org.alphaquant.architecture.RoutingDescription;

/** Families whose layers mix tokens in two ways by turns. */
final class AlternatingFamilies {

  private static final String FOURTH =
      "llama.cpp lets every fourth layer of this architecture see all of the text, the model others"
          + " (layer_types)";
  private static final String ALL_SPARSE =
      "llama.cpp wants experts in every layer behind the leading dense ones of this architecture";
  private static final String WIDTH =
      "llama.cpp wants heads that are together as wide as the hidden state in this architecture"
          + " (head_dim)";

  private static final Map<String, String> AFMOE_NAMES =
      Map.of(
          "post_attention_layernorm", "post_attention_norm",
          "pre_mlp_layernorm", "ffn_norm",
          "post_mlp_layernorm", "post_ffw_norm",
          "self_attn.gate_proj", "attn_gate",
          "mlp.router.gate", "ffn_gate_inp",
          "mlp.expert_bias", "exp_probs_b");

  private static final Map<String, String> LFM2_NAMES =
      Map.ofEntries(
          Map.entry("operator_norm", "attn_norm"),
          Map.entry("ffn_norm", "ffn_norm"),
          Map.entry("self_attn.out_proj", "attn_output"),
          Map.entry("self_attn.q_layernorm", "attn_q_norm"),
          Map.entry("self_attn.k_layernorm", "attn_k_norm"),
          Map.entry("conv.conv", "shortconv.conv"),
          Map.entry("conv.in_proj", "shortconv.in_proj"),
          Map.entry("conv.out_proj", "shortconv.out_proj"),
          Map.entry("feed_forward.w1", "ffn_gate"),
          Map.entry("feed_forward.w3", "ffn_up"),
          Map.entry("feed_forward.w2", "ffn_down"),
          Map.entry("feed_forward.gate", "ffn_gate_inp"),
          Map.entry("feed_forward.expert_bias", "exp_probs_b"));

  private AlternatingFamilies() {}

  static void add(Map<String, EngineFamily> families) {
    families.put(
        "cohere2",
        EngineFamily.of("cohere2")
            .with(WindowedFamilies::windows)
            .with(
                (config, keys) -> {
                  keys.f32("attention.layer_norm_epsilon", config.real(1e-5, "layer_norm_eps"));
                  keys.f32("logit_scale", config.real(1, "logit_scale"));
                })
            .refusing(FamilyConfig::hasOwnHead, FamilyConfig.TIED)
            .refusing(config -> !seesAllEveryFourth(config), FOURTH)
            .refusing(
                config -> config.heads() * config.headDimension() != config.model().hidden(),
                WIDTH));
    families.put("afmoe", afmoe());
    families.put("lfm2_moe", lfm2());
  }

  private static EngineFamily afmoe() {
    return EngineFamily.of("afmoe")
        .named(AFMOE_NAMES)
        .with(CommonKeys::weighting)
        .with(
            (config, keys) -> {
              keys.u32("leading_dense_block_count", config.leadingDense());
              keys.u32("expert_shared_count", config.integer(0, "num_shared_experts"));
              keys.u32("attention.sliding_window", config.integer(0, "sliding_window"));
            })
        .refusing(config -> !seesAllEveryFourth(config), FOURTH)
        .refusing(
            config -> !config.flag(false, "mup_enabled"),
            "llama.cpp multiplies embeddings of this architecture by the root of their width, the"
                + " model does not (mup_enabled)")
        .refusing(config -> !config.sparseFrom(config.leadingDense()), ALL_SPARSE);
  }

  private static EngineFamily lfm2() {
    return EngineFamily.of("lfm2moe")
        .named(LFM2_NAMES)
        .with(CommonKeys::weighting)
        .with(
            (config, keys) -> {
              keys.put("attention.head_count_kv", MetadataValue.i32s(keyHeads(config)));
              keys.u32("leading_dense_block_count", config.leadingDense());
              keys.u32("shortconv.l_cache", config.integer(3, "conv_L_cache"));
            })
        .refusing(
            config -> !config.routing().map(AlternatingFamilies::plainSigmoid).orElse(false),
            "llama.cpp divides the chosen scores of this architecture by their sum and multiplies"
                + " them by nothing, the model otherwise (norm_topk_prob, routed_scaling_factor)")
        .refusing(
            config -> !config.flag(true, "use_expert_bias"),
            "llama.cpp wants a correction of the router's scores in this architecture"
                + " (use_expert_bias)")
        .refusing(
            config -> config.flag(false, "conv_bias"),
            "llama.cpp has no biases of convolutions in this architecture (conv_bias)")
        .refusing(config -> !config.sparseFrom(config.leadingDense()), ALL_SPARSE);
  }

  private static boolean plainSigmoid(RoutingDescription routing) {
    return routing.renormalised() && routing.scale() == 1;
  }

  // None in layers of convolutions, which is how the engine tells them.
  private static List<Long> keyHeads(FamilyConfig config) {
    return config.texts("layer_types").stream()
        .map(type -> type.equals("full_attention") ? config.keyHeads() : 0L)
        .toList();
  }

  private static boolean seesAllEveryFourth(FamilyConfig config) {
    int layer = 0;
    for (var described : config.model().layerList()) {
      layer++;
      if (described.slidingWindow() > 0 != (layer % 4 != 0)) {
        return false;
      }
    }
    return true;
  }
}
