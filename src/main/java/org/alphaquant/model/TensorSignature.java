package org.alphaquant.model;

import java.util.Optional;
import java.util.Set;
import org.alphaquant.checkpoint.Checkpoint;

/** Guesses the family from tensor names alone; the rules apply in order. */
record TensorSignature(Checkpoint checkpoint, Set<String> names) {

  static TensorSignature of(Checkpoint checkpoint) {
    return new TensorSignature(checkpoint, checkpoint.names());
  }

  /** The {@code model_type} that the names point to. */
  String modelType() {
    if (any(".mamba.")) {
      return "jamba";
    }
    if (any(".linear_attn.")) {
      return "qwen3_next";
    }
    if (any("feed_forward.router.")) {
      return any("experts.gate_up_proj") ? "llama4" : "jamba";
    }
    if (any("self_attn.sinks")) {
      return "gpt_oss";
    }
    if (any("kv_a_proj_with_mqa")) {
      return any("mlp.gate.e_score_correction_bias") ? "deepseek_v3" : "deepseek_v2";
    }
    if (any("block_sparse_moe.")) {
      return mixtralLike();
    }
    return any("mlp.experts.") ? sparse() : dense();
  }

  private String mixtralLike() {
    if (any("block_sparse_moe.input_linear")) {
      return any("shared_mlp.") ? "granitemoeshared" : "granitemoe";
    }
    if (any("self_attn.qkv_proj")) {
      return "minimax";
    }
    if (any("block_sparse_moe.e_score_correction_bias")) {
      return "minimax_m2";
    }
    return any("input_layernorm.bias") ? "phimoe" : "mixtral";
  }

  private String sparse() {
    if (any("mlp.shared_expert_gate")) {
      return "qwen2_moe";
    }
    if (any("mlp.gate.e_score_correction_bias")) {
      return "glm4_moe";
    }
    if (any("mlp.shared_experts.")) {
      return "deepseek";
    }
    // OLMoE normalises the whole projection with one weight vector, Qwen3 every head.
    long norm = rows("self_attn.q_norm.weight");
    return norm > 0 && norm == rows("self_attn.q_proj.weight") ? "olmoe" : "qwen3_moe";
  }

  private String dense() {
    if (any("self_attn.q_norm")) {
      return "qwen3";
    }
    return any("q_proj.bias") && !any("o_proj.bias") ? "qwen2" : "llama";
  }

  private boolean any(String part) {
    return names.stream().anyMatch(name -> name.contains(part));
  }

  private long rows(String suffix) {
    Optional<String> name = names.stream().filter(n -> n.endsWith(suffix)).findFirst();
    return name.map(found -> checkpoint.info(found).shape().get(0)).orElse(0L);
  }
}
