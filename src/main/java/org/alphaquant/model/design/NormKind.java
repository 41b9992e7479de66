package org.alphaquant.model.design;

/** How a norm scales the normalised values. */
public enum NormKind {
  /** RMSNorm times the stored weight. */
  RMS,

  /** RMSNorm alone; nothing is stored. */
  RMS_WITHOUT_WEIGHT,

  /** RMSNorm times one more than the stored weight (Gemma). */
  RMS_PLUS_ONE,

  /** LayerNorm with weight and bias. */
  LAYER,

  /** LayerNorm with a weight alone. */
  LAYER_WITHOUT_BIAS
}
