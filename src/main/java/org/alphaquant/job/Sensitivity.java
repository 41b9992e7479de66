package org.alphaquant.job;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Locale;

/** How it is found out what quantizing one part of a model costs. */
public enum Sensitivity {
  /** Divergence of the model's predictions with that part alone quantized. */
  @JsonProperty("measured")
  MEASURED,
  /** The solver's own output errors, relative to the output; no pass through the model besides. */
  @JsonProperty("estimated")
  ESTIMATED,
  /** The tail of the weights' spectrum; nothing is quantized for it. */
  @JsonProperty("spectrum")
  SPECTRUM;

  /** The name in a specification. */
  public String jsonName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
