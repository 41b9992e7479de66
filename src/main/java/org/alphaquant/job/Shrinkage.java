package org.alphaquant.job;

import com.fasterxml.jackson.annotation.JsonValue;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.annotation.JsonDeserialize;

/**
 * How far the Hessian of each expert is shrunk towards the layer's mean.
 *
 * @param tokens number of average tokens of the layer that are added to each expert's own, 0 to
 *     1,000,000; null chooses it for each expert from its own tokens
 */
@JsonDeserialize(using = Shrinkage.Reader.class)
public record Shrinkage(Double tokens) {

  /** Chosen for each expert from its own tokens. */
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
