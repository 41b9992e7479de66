package org.alphaquant.job;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.annotation.JsonDeserialize;

/**
 * What is added to the diagonal of each Hessian.
 *
 * @param fraction of the diagonal's mean, above 0, at most 1; null chooses it for each matrix by
 *     the error on calibration sequences held out
 */
@JsonDeserialize(using = Damp.Reader.class)
public record Damp(Double fraction) {

  /** Chosen for each matrix by held-out error. */
  public static final Damp AUTO = new Damp(null);

  private static final List<Double> CANDIDATES = List.of(0.01, 0.03, 0.1);

  public Damp {
    if (fraction != null) {
      Limits.above("damp", fraction, 0.0, 1.0);
    }
  }

  /** What it is chosen from; what is taken where nothing can be held out comes first. */
  public List<Double> candidates() {
    return fraction == null ? CANDIDATES : List.of(fraction);
  }

  @JsonValue
  Object json() {
    return fraction == null ? "auto" : fraction;
  }

  private static Damp read(JsonNode value) {
    if (value.isNumber()) {
      return new Damp(value.doubleValue());
    }
    if (value.isString() && value.stringValue().equals("auto")) {
      return AUTO;
    }
    throw new SpecException("damp", value, "a number above 0, at most 1, or auto");
  }

  /** Reads it from JSON. */
  static final class Reader extends SpecValue<Damp> {
    Reader() {
      super(Damp.class);
    }

    @Override
    Damp of(JsonNode value) {
      return Damp.read(value);
    }
  }
}
