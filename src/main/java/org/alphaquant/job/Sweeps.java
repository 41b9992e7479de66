package org.alphaquant.job;

import com.fasterxml.jackson.annotation.JsonValue;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.annotation.JsonDeserialize;

/**
 * How often coordinate descent passes the columns after the column loop.
 *
 * @param count from 0 to 16; null takes more of them where scales are not fitted between them
 */
@JsonDeserialize(using = Sweeps.Reader.class)
public record Sweeps(Integer count) {

  /** By whether scales are fitted. */
  public static final Sweeps AUTO = new Sweeps(null);

  private static final int FITTED = 2;
  private static final int STEADY = 4;

  public Sweeps {
    if (count != null) {
      Limits.within("sweeps", count, 0, 16);
    }
  }

  /** Sweeps where each begins with fitted scales. */
  public int fitted() {
    return count == null ? FITTED : count;
  }

  /** Sweeps where scales stay: powers of two, and where no fit is asked for. */
  public int steady() {
    return count == null ? STEADY : count;
  }

  @JsonValue
  Object json() {
    return count == null ? "auto" : count;
  }

  private static Sweeps read(JsonNode value) {
    if (value.isIntegralNumber() && value.canConvertToInt()) {
      return new Sweeps(value.intValue());
    }
    if (value.isString() && value.stringValue().equals("auto")) {
      return AUTO;
    }
    throw new SpecException("sweeps", value, "a whole number from 0 to 16, or auto");
  }

  /** Reads it from JSON. */
  static final class Reader extends SpecValue<Sweeps> {
    Reader() {
      super(Sweeps.class);
    }

    @Override
    Sweeps of(JsonNode value) {
      return Sweeps.read(value);
    }
  }
}
