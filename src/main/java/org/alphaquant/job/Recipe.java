package org.alphaquant.job;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Locale;

/**
 * A method of quantizing: the defaults of everything in {@link GptqRequest}, any of which can be
 * given by itself, and what is done beside.
 */
public enum Recipe {
  /** The nearest code on absolute-maximum scales; no Hessian takes part. */
  @JsonProperty("rounding")
  ROUNDING,
  /** GPTQ as in its paper: tokens that are routed count the same, scales are absolute maxima. */
  @JsonProperty("standard")
  STANDARD,
  /** GPTQ for mixtures of experts: routing-weighted, shrunk, on searched and refitted scales. */
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

  /** These settings with what they leave open filled in. */
  GptqRequest complete(GptqRequest given) {
    return given.orElse(
        switch (this) {
          case ROUNDING -> GptqRequest.ROUNDING;
          case STANDARD -> GptqRequest.STANDARD;
          case MOE, ALLOCATE, DISTILL -> GptqRequest.MOE;
        });
  }
}
