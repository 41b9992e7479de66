package org.alphaquant.job;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Locale;

/** The kind of work of a job. */
public enum JobKind {
  /** Quantizes a model. */
  @JsonProperty("quantization")
  QUANTIZATION,
  /** Evaluates a model, quantized or not, and writes only the measurements. */
  @JsonProperty("evaluation")
  EVALUATION,
  /** Converts a quantized model to another format, code by code. */
  @JsonProperty("repack")
  REPACK,
  /** Runs a model on a text and keeps the Hessians from which any size can be quantized. */
  @JsonProperty("calibration")
  CALIBRATION;

  /** The name in a specification. */
  public String jsonName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
