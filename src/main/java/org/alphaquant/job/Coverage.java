package org.alphaquant.job;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.annotation.JsonDeserialize;

/**
 * Which tokens an expert is calibrated on. The residual stream and the utilization always follow
 * the natural routing.
 *
 * @param kind how tokens are selected
 * @param topK experts of each token where it is {@link Kind#WIDENED}, else null
 */
@JsonDeserialize(using = Coverage.Reader.class)
public record Coverage(Kind kind, Integer topK) {

  /** How tokens are selected. */
  public enum Kind {
    /** The tokens that the router sends to the expert. */
    NATURAL,
    /** The tokens for which the expert is among the top k, with k larger than the router's. */
    WIDENED,
    /** All tokens. */
    ALL,
    /** As {@link #NATURAL}, on text that the model wrote with balanced expert use. */
    BALANCED
  }

  public static final Coverage NATURAL = new Coverage(Kind.NATURAL, null);
  public static final Coverage ALL = new Coverage(Kind.ALL, null);
  public static final Coverage BALANCED = new Coverage(Kind.BALANCED, null);

  private static final String TOP_K = "top_k";
  private static final Map<String, Coverage> NAMES =
      Map.of("natural", NATURAL, "all", ALL, "balanced", BALANCED);

  public Coverage {
    if ((kind == Kind.WIDENED) != (topK != null)) {
      throw new SpecException("coverage", topK, "a number of experts with top_k alone");
    }
    if (topK != null) {
      Limits.within("coverage/top_k", topK, 1, 4096);
    }
  }

  /** Calibrates each token on this many of its best experts. */
  public static Coverage widened(int topK) {
    return new Coverage(Kind.WIDENED, topK);
  }

  /**
   * The number of experts that each token is calibrated on.
   *
   * @param routed number of experts that the router selects
   * @param experts number of experts in the layer
   */
  public int expertsPerToken(int routed, int experts) {
    return switch (kind) {
      case NATURAL, BALANCED -> routed;
      case WIDENED -> Math.min(topK, experts);
      case ALL -> experts;
    };
  }

  @JsonValue
  Object json() {
    return switch (kind) {
      case NATURAL -> "natural";
      case WIDENED -> Map.of(TOP_K, topK);
      case ALL -> "all";
      case BALANCED -> "balanced";
    };
  }

  private static Coverage read(JsonNode value) {
    if (value.isString() && NAMES.containsKey(value.stringValue())) {
      return NAMES.get(value.stringValue());
    }
    if (value.isObject() && value.size() == 1 && value.path(TOP_K).isInt()) {
      return widened(value.path(TOP_K).intValue());
    }
    throw new SpecException(
        "coverage", value, "natural, all, balanced, or an object with a whole number top_k");
  }

  /** Reads it from JSON. */
  static final class Reader extends SpecValue<Coverage> {
    Reader() {
      super(Coverage.class);
    }

    @Override
    Coverage of(JsonNode value) {
      return Coverage.read(value);
    }
  }
}
