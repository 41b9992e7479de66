package org.alphaquant.allocate;

import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * The experts that got a scheme of their own for how much calibration uses them, as reports tell
 * it.
 *
 * @param experts by layer and number
 * @param config the configuration that says so; posted by itself it gives the same result
 */
@JsonNaming(SnakeCaseStrategy.class)
public record Adaptation(List<Expert> experts, JsonNode config) {

  public Adaptation {
    experts = List.copyOf(experts);
  }

  /**
   * One expert.
   *
   * @param tokens calibration tokens that were routed to it
   * @param share its part of all (token, slot) pairs of the layer
   * @param rule position of the rule that it came under
   * @param wq the format that it got
   */
  @JsonNaming(SnakeCaseStrategy.class)
  public record Expert(int layer, int expert, long tokens, double share, int rule, String wq) {}
}
