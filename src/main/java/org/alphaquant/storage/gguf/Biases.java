package org.alphaquant.storage.gguf;

import java.util.Set;

/** Modules whose biases an architecture adds. */
final class Biases {

  static final Set<String> QUERY_KEY_VALUE = Set.of("attn_q", "attn_k", "attn_v");

  static final Set<String> ATTENTION = Set.of("attn_q", "attn_k", "attn_v", "attn_output");

  static final Set<String> DENSE =
      Set.of("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down");

  /** Those of attention, the router and every expert. */
  static final Set<String> SPARSE =
      Set.of(
          "attn_q",
          "attn_k",
          "attn_v",
          "attn_output",
          "ffn_gate_inp",
          "ffn_gate_exps",
          "ffn_up_exps",
          "ffn_down_exps");

  private Biases() {}
}
