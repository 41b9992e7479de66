package org.alphaquant.job;

import com.fasterxml.jackson.annotation.JsonValue;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.annotation.JsonDeserialize;

/**
 * How far the Hessian of every expert is drawn towards its layer's mean.
 *
 * @param tokens average tokens of the layer added to each expert's own, 0 to 1,000,000; null
 *     chooses them for each expert by how much its own tokens say
 */
@JsonDeserialize(using = Shrinkage.Reader.class)
public record Shrinkage(Double tokens) {

  /** By each expert's own tokens. */
  public static final Shrinkage AUTO = new Shrinkage(null);

  public Shrinkage {
    if (tokens != null) {
      Limits.within("shrinkage", tokens, 0, 1e6);
    }
  }

  @JsonValue
  Object json() {
    return tokens == null ? "auto" : tokens;
  }

  private static Shrinkage read(JsonNode value) {
    if (value.isNumber()) {
      return new Shrinkage(value.doubleValue());
    }
    if (value.isString() && value.stringValue().equals("auto")) {
      return AUTO;
    }
    throw new SpecException("shrinkage", value, "a number from 0 to 1000000, or auto");
  }

  /** Reads it from JSON. */
  static final class Reader extends SpecValue<Shrinkage> {
    Reader() {
      super(Shrinkage.class);
    }

    @Override
    Shrinkage of(JsonNode value) {
      return Shrinkage.read(value);
    }
  }
}
