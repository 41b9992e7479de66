package org.alphaquant.traffic;

import java.util.List;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * How near a calibration came to its traffic.
 *
 * @param sha256 of the counts
 * @param origin where they came from; null where they were given
 * @param span tokens that share a weight
 * @param effective part of the text that counts, as Kish's effective sample size
 * @param layers each layer with experts
 * @param unseen experts that the traffic uses and no token of the calibration reached, {@code
 *     layer.expert}
 */
@JsonNaming(SnakeCaseStrategy.class)
public record TrafficFit(
    String sha256,
    String origin,
    int span,
    double effective,
    List<Layer> layers,
    List<String> unseen) {

  /**
   * Total variation distances of a layer's expert shares from the traffic's, 0 to 1.
   *
   * @param before of the text as it is
   * @param after of the weighted text
   * @param shares of the traffic, for every expert
   */
  @JsonNaming(SnakeCaseStrategy.class)
  public record Layer(int layer, double before, double after, double[] shares) {}

  /** Mean distance of the text as it is. */
  public double before() {
    return layers.stream().mapToDouble(Layer::before).average().orElse(0);
  }

  /** Mean distance of the weighted text. */
  public double after() {
    return layers.stream().mapToDouble(Layer::after).average().orElse(0);
  }
}
