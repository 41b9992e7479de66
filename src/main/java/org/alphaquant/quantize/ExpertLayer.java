package org.alphaquant.quantize;

import java.util.List;
import org.alphaquant.moe.ExpertUsage;
import org.alphaquant.moe.Utilization;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/** A layer's utilization as events and artifacts carry it. */
@JsonNaming(SnakeCaseStrategy.class)
public record ExpertLayer(int layer, long tokens, int topK, double entropy, List<Expert> experts) {

  /** One expert of the layer. */
  @JsonNaming(SnakeCaseStrategy.class)
  public record Expert(
      int expert,
      long tokens,
      double scoreSum,
      double scoreMean,
      double share,
      boolean underUtilized) {

    static Expert of(ExpertUsage usage) {
      return new Expert(
          usage.expert(),
          usage.tokens(),
          usage.scoreSum(),
          usage.scoreMean(),
          usage.share(),
          usage.underUtilized());
    }
  }

  public static ExpertLayer of(Utilization utilization) {
    return new ExpertLayer(
        utilization.layer(),
        utilization.tokens(),
        utilization.topK(),
        utilization.entropy(),
        utilization.experts().stream().map(Expert::of).toList());
  }
}
