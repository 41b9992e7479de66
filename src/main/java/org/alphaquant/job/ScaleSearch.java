package org.alphaquant.job;

import com.fasterxml.jackson.annotation.JsonProperty;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.annotation.JsonDeserialize;

/** How the scale of every group is found before codes are. */
@JsonDeserialize(using = ScaleSearch.Reader.class)
public enum ScaleSearch {
  /** The absolute maximum decides. */
  @JsonProperty("none")
  NONE,
  /** The candidate with the least squared rounding error. */
  @JsonProperty("mse")
  MSE,
  /** The same with each input's error counted by the Hessian's diagonal. */
  @JsonProperty("hessian")
  HESSIAN;

  // true and false are what the field took before there was a choice.
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
