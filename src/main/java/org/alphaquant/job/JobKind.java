package org.alphaquant.job;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Locale;

/** What a job does. */
public enum JobKind {
  /** Quantizes a model. */
  @JsonProperty("quantization")
  QUANTIZATION,
  /** Evaluates a model, quantized or not, and writes only the measurements. */
  @JsonProperty("evaluation")
  EVALUATION,
  /** Writes a model that is quantized already in another format, code by code. */
  @JsonProperty("repack")
  REPACK,
  /** Runs a model on a text and keeps what every size of it is quantized from. */
  @JsonProperty("calibration")
  CALIBRATION;

  /** The name in a specification. */
  public String jsonName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
