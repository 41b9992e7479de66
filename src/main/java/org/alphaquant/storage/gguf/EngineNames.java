package org.alphaquant.storage.gguf;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The engine's names of a model's modules. */
final class EngineNames {

  private static final Map<String, String> TOP =
      Map.of(
          "embed_tokens", "token_embd",
          "embeddings", "token_embd",
          "norm", "output_norm",
          "norm_f", "output_norm",
          "lm_head", "output",
          // What llama.cpp calls the last norm of LFM2.
          "embedding_norm", "token_embd_norm");

  private static final Map<String, String> USUAL = usual();

  private static final Pattern EXPERT =
      Pattern.compile("(.+)\\.(\\d+)\\.(gate_proj|up_proj|down_proj|w1|w2|w3)");

  private final Map<String, String> layer;

  EngineNames(Map<String, String> differing) {
    layer = new HashMap<>(USUAL);
    layer.putAll(differing);
  }

  private static Map<String, String> usual() {
    Map<String, String> names = new HashMap<>();
    names.put("input_layernorm", "attn_norm");
    names.put("post_attention_layernorm", "ffn_norm");
    for (String role : new String[] {"q", "k", "v"}) {
      names.put("self_attn." + role + "_proj", "attn_" + role);
      names.put("self_attn." + role + "_norm", "attn_" + role + "_norm");
    }
    names.put("self_attn.o_proj", "attn_output");
    names.put("self_attn.q_a_proj", "attn_q_a");
    names.put("self_attn.q_a_layernorm", "attn_q_a_norm");
    names.put("self_attn.q_b_proj", "attn_q_b");
    names.put("self_attn.kv_a_proj_with_mqa", "attn_kv_a_mqa");
    names.put("self_attn.kv_a_layernorm", "attn_kv_a_norm");
    names.put("self_attn.sinks", "attn_sinks");
    for (String role : new String[] {"gate", "up", "down"}) {
      names.put("mlp." + role + "_proj", "ffn_" + role);
      for (String shared : new String[] {"mlp.shared_expert", "mlp.shared_experts", "shared_mlp"}) {
        names.put(shared + "." + role + "_proj", "ffn_" + role + "_shexp");
      }
    }
    for (String router :
        new String[] {
          "mlp.gate", "mlp.router", "block_sparse_moe.gate", "block_sparse_moe.router.layer"
        }) {
      names.put(router, "ffn_gate_inp");
      names.put(router + ".e_score_correction_bias", "exp_probs_b");
    }
    names.put("mlp.shared_expert_gate", "ffn_gate_inp_shexp");
    return names;
  }

  /** Of a module outside of the layers, without the model's prefix. */
  static Optional<String> top(String module) {
    return Optional.ofNullable(TOP.get(module));
  }

  /** Of a module of a layer, without what precedes it. */
  Optional<String> inLayer(String module) {
    return Optional.ofNullable(layer.get(module));
  }

  /** The stack that a routed expert's module belongs to. */
  static Optional<String> stack(String module) {
    Matcher expert = EXPERT.matcher(module);
    if (!expert.matches()) {
      return Optional.empty();
    }
    return Optional.of(
        switch (expert.group(3)) {
          case "gate_proj", "w1" -> "ffn_gate_exps";
          case "up_proj", "w3" -> "ffn_up_exps";
          default -> "ffn_down_exps";
        });
  }

  /** The number of a routed expert. */
  static int expert(String module) {
    Matcher expert = EXPERT.matcher(module);
    return expert.matches() ? Integer.parseInt(expert.group(2)) : -1;
  }
}
