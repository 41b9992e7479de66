package org.alphaquant.model.design;

import java.util.List;

/** The gate on the heads' outputs (Qiu et al. 2025, arXiv 2505.06708). */
public enum OutputGate {
  NONE(null, null),

  /** The sigmoid of the second half of every head's part of the query projection. */
  IN_QUERY(null, "attention.gated"),

  /** The sigmoid of a linear as wide as the queries. */
  OWN_LINEAR("gate_proj", "attention.gated"),

  /** The softplus of a linear as wide as the queries. */
  SOFTPLUS("g_proj", "attention.softplus_gated"),

  /** The softplus of a linear with one output for each head. */
  SOFTPLUS_PER_HEAD("g_proj", "attention.softplus_gated");

  private final String linear;
  private final String script;

  OutputGate(String linear, String script) {
    this.linear = linear;
    this.script = script;
  }

  /** The gate's own linear, or none. */
  List<LinearDesign> linear(String attention, HeadShape heads, long hidden) {
    if (linear == null) {
      return List.of();
    }
    long out = this == SOFTPLUS_PER_HEAD ? heads.heads() : heads.attended();
    return List.of(new LinearDesign(attention + linear, out, hidden));
  }

  /** The script method that multiplies by it. */
  String script() {
    return script;
  }
}
