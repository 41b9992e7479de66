package org.alphaquant.storage.gguf;

import java.util.Map;
import org.alphaquant.architecture.RoutingDescription;

/** DeepSeek-V2, V3 and Mistral 4, whose attention keeps one compressed row for keys and values. */
final class LatentFamilies {

  private static final String LENGTHS =
      "llama.cpp leaves queries and keys of latent attention as long as they are, the model scales"
          + " them (mscale, mscale_all_dim, attention_factor)";

  private static final String HALVES =
      "llama.cpp rotates neighbouring dimensions of this architecture, the model its halves"
          + " (rope_interleave)";

  private LatentFamilies() {}

  static void add(Map<String, EngineFamily> families) {
    EngineFamily deepseek2 = of("deepseek2");
    families.put(
        "deepseek_v2",
        deepseek2.refusing(
            c -> c.routing().map(LatentFamilies::choosesGroups).orElse(false),
            "llama.cpp scores a group of experts by its best two (as DeepSeek-V3), the model by"
                + " its best one (topk_method group_limited_greedy)"));
    families.put("deepseek_v3", deepseek2.refusing(LatentFamilies::rotatesHalves, HALVES));
    families.put(
        "mistral4",
        of("mistral4")
            .with(LatentFamilies::growth)
            .refusing(LatentFamilies::rotatesHalves, HALVES));
  }

  private static boolean rotatesHalves(FamilyConfig config) {
    return !config.flag(true, "rope_interleave");
  }

  // Queries grow with each whole trained length that lies before them. Under this name the engine
  // makes them and keys longer, unless mscale_all_dim is 1; the factor takes that back.
  private static void growth(FamilyConfig config, EngineKeys keys) {
    YarnKeys yarn = new YarnKeys(config);
    if (config.rotaryType().equals("yarn")) {
      double all = config.rotary("mscale_all_dim", 0);
      keys.f32("rope.scaling.attn_factor", yarn.growth(all) / yarn.growth(1));
    }
    keys.f32("attention.temperature_scale", config.rotary("llama_4_scaling_beta", 0));
    keys.u32("attention.temperature_length", (long) yarn.original());
  }

  /** An architecture of latent attention with experts as DeepSeek's. */
  static EngineFamily of(String architecture) {
    return EngineFamily.of(architecture)
        .with(CommonKeys::shared)
        .with(CommonKeys::weighting)
        .with(LatentFamilies::keys)
        .refusing(
            c -> !c.sparseFrom(c.leadingDense()),
            "llama.cpp wants experts in every layer behind the leading dense ones"
                + " (moe_layer_freq)")
        .refusing(
            c -> c.real(1e-6, "rms_norm_eps") != 1e-6,
            "llama.cpp takes rms_norm_eps for the norms within latent attention too, the model"
                + " takes 1e-6")
        .refusing(LatentFamilies::stretchesOtherwise, LENGTHS)
        .refusing(
            c -> c.rotaryType().equals("linear"),
            "llama.cpp scales attention of this architecture where positions are stretched, the"
                + " model does not (rope_type linear)");
  }

  private static boolean stretchesOtherwise(FamilyConfig config) {
    return config.rotaryType().equals("yarn")
        && (!new YarnKeys(config).leavesLengths() || config.rotary("mscale_all_dim", 0) == 0);
  }

  private static boolean choosesGroups(RoutingDescription routing) {
    return routing.keptGroups() < routing.groups();
  }

  static void keys(FamilyConfig config, EngineKeys keys) {
    long rank = config.integer(0, "kv_lora_rank");
    long rotated = config.integer(0, "qk_rope_head_dim");
    long plain = config.integer(0, "qk_nope_head_dim");
    keys.u32("attention.head_count_kv", 1);
    keys.u32("attention.q_lora_rank", config.integer(0, "q_lora_rank"));
    keys.u32("attention.kv_lora_rank", rank);
    keys.u32("attention.key_length", rank + rotated);
    keys.u32("attention.value_length", rank);
    keys.u32("attention.key_length_mla", plain + rotated);
    keys.u32("attention.value_length_mla", config.integer(0, "v_head_dim"));
    keys.u32("rope.dimension_count", rotated);
    if (config.rotaryType().equals("yarn")) {
      keys.f32("rope.scaling.yarn_log_multiplier", 0.1 * config.rotary("mscale_all_dim", 0));
      // Given that multiplier the engine leaves queries and keys as long as they are.
      keys.f32("rope.scaling.attn_factor", 1);
    }
  }
}
