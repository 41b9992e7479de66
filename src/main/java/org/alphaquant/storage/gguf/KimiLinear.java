package org.alphaquant.storage.gguf;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** Kimi Linear: layers of Kimi's delta attention among layers of latent attention. */
final class KimiLinear {

  private KimiLinear() {}

  static EngineFamily family() {
    return EngineFamily.of("kimi-linear")
        .named(names())
        .with(LatentFamilies::keys)
        .with(CommonKeys::weighting)
        .with(KimiLinear::keys)
        .refusing(
            config -> linear(config, "num_heads", "linear_num_heads", 32) != config.heads(),
            "llama.cpp wants as many heads of linear attention as of latent attention"
                + " (linear_attn_config)")
        .refusing(
            config -> config.real(1e-5, "rms_norm_eps") != 1e-6,
            "llama.cpp takes rms_norm_eps within latent attention and for the lengths of queries"
                + " and keys of linear attention, the model takes 1e-6")
        .refusing(
            config -> !config.renormalised(),
            "llama.cpp divides the chosen scores of this architecture by their sum, the model does"
                + " not (moe_renormalize)")
        .refusing(
            config -> !config.sparseFrom(config.leadingDense()),
            "llama.cpp wants experts in every layer behind the leading dense ones of this"
                + " architecture (moe_layer_freq)");
  }

  private static Map<String, String> names() {
    Map<String, String> names = new HashMap<>();
    for (String role : new String[] {"gate", "up", "down"}) {
      names.put("block_sparse_moe." + role + "_proj", "ffn_" + role);
      names.put("block_sparse_moe.shared_experts." + role + "_proj", "ffn_" + role + "_shexp");
    }
    for (String part : new String[] {"f_a", "f_b", "g_a", "g_b"}) {
      names.put("self_attn." + part + "_proj", "ssm_" + part);
    }
    names.put("self_attn.b_proj", "ssm_beta");
    names.put("self_attn.o_norm", "ssm_norm");
    return names;
  }

  private static void keys(FamilyConfig config, EngineKeys keys) {
    // None where attention is linear, which is how the engine tells these layers.
    List<Long> latent = config.whereThereIs("kv_b_proj.weight", 1);
    keys.put("attention.head_count_kv", MetadataValue.i32s(latent));
    keys.u32(
        "ssm.conv_kernel", linear(config, "short_conv_kernel_size", "linear_conv_kernel_dim", 4));
    keys.u32("kda.head_dim", linear(config, "head_dim", "linear_head_dim", 128));
    keys.u32("leading_dense_block_count", config.leadingDense());
    keys.u32("expert_shared_count", config.integer(1, "num_shared_experts", "n_shared_experts"));
    keys.u32(
        "context_length", config.integer(1_048_576, "model_max_length", "max_position_embeddings"));
  }

  // Published files keep these together, transformers beside the others.
  private static long linear(FamilyConfig config, String nested, String flat, long whenMissing) {
    JsonNode value = config.root().path("linear_attn_config").path(nested);
    return value.isNumber() ? value.asLong() : config.integer(whenMissing, flat);
  }
}
