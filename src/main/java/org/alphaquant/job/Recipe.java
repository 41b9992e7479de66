package org.alphaquant.job;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Locale;

/**
 * A quantization method: defaults for all settings in {@link GptqRequest}, and further steps. A
 * request can override each setting.
 */
public enum Recipe {
  /** Rounding to the nearest code with absolute-maximum scales, without a Hessian. */
  @JsonProperty("rounding")
  ROUNDING,
  /** GPTQ as in the paper: all routed tokens have the same weight, scales are absolute maxima. */
  @JsonProperty("standard")
  STANDARD,
  /** GPTQ for MoE models: routing-weighted, shrunk Hessians, searched and refitted scales. */
  @JsonProperty("moe")
  MOE,
  /** As {@link #MOE}, with the bits of each part of the model chosen within a budget. */
  @JsonProperty("allocate")
  ALLOCATE,
  /** As {@link #MOE}, then trained against the original model end to end. */
  @JsonProperty("distill")
  DISTILL;

  /** The name in a specification. */
  public String jsonName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The settings, completed by the defaults of this recipe. */
  GptqRequest complete(GptqRequest given) {
    return given.orElse(
        switch (this) {
          case ROUNDING -> GptqRequest.ROUNDING;
          case STANDARD -> GptqRequest.STANDARD;
          case MOE, ALLOCATE, DISTILL -> GptqRequest.MOE;
        });
  }
}
