package org.alphaquant.job;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Dtype of the Hessians of a kept calibration. */
public enum HessianPrecision {
  @JsonProperty("float32")
  FLOAT32(4),
  @JsonProperty("bfloat16")
  BFLOAT16(2);

  private final int bytes;

  HessianPrecision(int bytes) {
    this.bytes = bytes;
  }

  /** Of one number. */
  public int bytes() {
    return bytes;
  }
}
