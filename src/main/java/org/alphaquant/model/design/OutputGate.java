package org.alphaquant.model.design;

/** The sigmoid gate on the heads' outputs (Qiu et al. 2025, arXiv 2505.06708). */
public enum OutputGate {
  NONE,

  /** The second half of every head's part of the query projection. */
  IN_QUERY,

  /** A linear {@code gate_proj} as wide as the queries. */
  OWN_LINEAR
}
