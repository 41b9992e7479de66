package org.alphaquant.architecture;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * The precision of the matrix products of calibration; sums are always float32. It only affects
 * GPUs: the CPU always computes in float32.
 */
public enum Precision {
  /** Float32 throughout. */
  @JsonProperty("float32")
  FLOAT32,

  /** Factors of float32 products are rounded to TF32's 11 bits, which hold bfloat16 exactly. */
  @JsonProperty("tf32")
  TF32,

  /** And attention and experts read and multiply bfloat16, as an engine does. */
  @JsonProperty("bfloat16")
  BFLOAT16
}
