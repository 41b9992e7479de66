package org.alphaquant.moe;

import com.fasterxml.jackson.annotation.JsonInclude;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * How much calibration used one expert, on the model's own routing.
 *
 * @param expert index within the layer
 * @param tokens tokens routed to it
 * @param scoreSum sum of the weights that its outputs were multiplied with
 * @param scoreMean their mean; 0 without tokens
 * @param share its part of all (token, slot) pairs of the layer; 1/E is fair
 * @param underUtilized see {@link Utilization#isUnderUtilized}
 * @param weightSum sum of what its tokens count in its Hessian
 * @param effectiveTokens tokens of equal weight that would say as much (Kish's effective sample
 *     size): the squared sum of the weights over the sum of their squares
 * @param layerShare part of the Hessian of its gate and up that is the layer's mean, 0 to 1: how
 *     far it was drawn there for want of tokens; null where nothing was calibrated
 */
@JsonNaming(SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ExpertUsage(
    int expert,
    long tokens,
    double scoreSum,
    double scoreMean,
    double share,
    boolean underUtilized,
    double weightSum,
    double effectiveTokens,
    Double layerShare) {

  ExpertUsage leaning(double share) {
    return new ExpertUsage(
        expert,
        tokens,
        scoreSum,
        scoreMean,
        this.share,
        underUtilized,
        weightSum,
        effectiveTokens,
        share);
  }
}
