package org.alphaquant.job;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.annotation.JsonDeserialize;

/**
 * The weight of a token in the Hessian of an expert that it is routed to with score p: {@code
 * p^power}. In JSON, the power or a name: {@code none} 0, {@code score} 1, {@code score_squared} 2.
 *
 * @param power 0 to 4
 */
@JsonDeserialize(using = RoutingWeight.Reader.class)
public record RoutingWeight(@JsonValue double power) {

  /** All routed tokens have the same weight: standard GPTQ on routed tokens. */
  public static final RoutingWeight NONE = new RoutingWeight(0);

  /** By p, {@code H = sum of p x x^T}. */
  public static final RoutingWeight SCORE = new RoutingWeight(1);

  /** By p squared, which is how the expert's output error enters the layer's squared error. */
  public static final RoutingWeight SCORE_SQUARED = new RoutingWeight(2);

  private static final Map<String, RoutingWeight> NAMES =
      Map.of("none", NONE, "score", SCORE, "score_squared", SCORE_SQUARED);

  public RoutingWeight {
    Limits.within("routing_weight", power, 0, 4);
  }

  private static RoutingWeight read(JsonNode value) {
    if (value.isNumber()) {
      return new RoutingWeight(value.doubleValue());
    }
    RoutingWeight named = value.isString() ? NAMES.get(value.stringValue()) : null;
    if (named == null) {
      throw new SpecException(
          "routing_weight", value, "a number from 0 to 4, none, score or score_squared");
    }
    return named;
  }

  /** Reads it from JSON. */
  static final class Reader extends SpecValue<RoutingWeight> {
    Reader() {
      super(RoutingWeight.class);
    }

    @Override
    RoutingWeight of(JsonNode value) {
      return RoutingWeight.read(value);
    }
  }
}
