package org.alphaquant.allocate;

import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * The experts that got their own scheme because of their utilization, for reports.
 *
 * @param experts by layer and number
 * @param config the resulting configuration; posted by itself it gives the same result
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
   * @param rule index of the rule that applied
   * @param wq its format
   */
  @JsonNaming(SnakeCaseStrategy.class)
  public record Expert(int layer, int expert, long tokens, double share, int rule, String wq) {}
}
