package org.alphaquant.model.block;

/** The activation between an expert's gate and up projections and its down projection. */
public enum ExpertActivation {
  /** silu(gate) * up (Shazeer 2020, arXiv 2002.05202). */
  SWIGLU,

  /** (up + 1) * gate * sigmoid(1.702 gate), gate at most 7 and up within 7 of zero (gpt-oss). */
  CLAMPED_SWIGLU
}
