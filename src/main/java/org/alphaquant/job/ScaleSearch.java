package org.alphaquant.job;

import com.fasterxml.jackson.annotation.JsonProperty;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.annotation.JsonDeserialize;

/** How the scale of each group is chosen before the codes. */
@JsonDeserialize(using = ScaleSearch.Reader.class)
public enum ScaleSearch {
  /** From the absolute maximum. */
  @JsonProperty("none")
  NONE,
  /** The candidate with the least squared rounding error. */
  @JsonProperty("mse")
  MSE,
  /** As {@link #MSE}, with errors weighted by the diagonal of the Hessian. */
  @JsonProperty("hessian")
  HESSIAN;

  // Earlier versions accepted only true and false.
  private static ScaleSearch read(JsonNode value) {
    if (value.isBoolean()) {
      return value.booleanValue() ? MSE : NONE;
    }
    return switch (value.isString() ? value.stringValue() : "") {
      case "none" -> NONE;
      case "mse" -> MSE;
      case "hessian" -> HESSIAN;
      default -> throw new SpecException("scale_search", value, "none, mse or hessian");
    };
  }

  /** Reads it from JSON. */
  static final class Reader extends SpecValue<ScaleSearch> {
    Reader() {
      super(ScaleSearch.class);
    }

    @Override
    ScaleSearch of(JsonNode value) {
      return ScaleSearch.read(value);
    }
  }
}
