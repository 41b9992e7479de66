package org.alphaquant.moe;

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
 */
@JsonNaming(SnakeCaseStrategy.class)
public record ExpertUsage(
    int expert,
    long tokens,
    double scoreSum,
    double scoreMean,
    double share,
    boolean underUtilized) {}
