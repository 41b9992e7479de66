package org.alphaquant.job;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What a job does. */
public enum JobKind {
  /** Quantizes a model. */
  @JsonProperty("quantization")
  QUANTIZATION,
  /** Measures a model, a quantized one or not, and writes nothing but the figures. */
  @JsonProperty("evaluation")
  EVALUATION
}
