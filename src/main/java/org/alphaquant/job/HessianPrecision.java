package org.alphaquant.job;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What a kept calibration stores Hessians in. */
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
