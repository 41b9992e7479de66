package org.alphaquant.moe;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * Utilization of one expert during calibration, by the model's own routing.
 *
 * @param expert index within the layer
 * @param tokens tokens routed to it
 * @param scoreSum sum of the weights that its outputs were multiplied with
 * @param scoreMean their mean; 0 without tokens
 * @param share its part of all (token, slot) pairs of the layer; 1/E is fair
 * @param underUtilized see {@link Utilization#isUnderUtilized}
 * @param calibrationTokens tokens that its Hessian is summed over: its own, or more where the
 *     calibration's coverage is wider
 * @param weightSum sum of what those count in its Hessian
 * @param effectiveTokens number of equally weighted tokens of the same information (Kish's
 *     effective sample size): the squared sum of the weights over the sum of their squares
 * @param layerShare part of the Hessian of its gate and up that is the layer's mean, 0 to 1: how
 *     far it was shrunk towards the mean for lack of tokens; null where nothing was calibrated
 * @param remedies what was done for an under-utilized expert: {@code more-tokens} where it was
 *     calibrated on tokens that were not routed to it, {@code layer-mean} where its Hessian was
 *     drawn towards its layer's mean; null for the others
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
    long calibrationTokens,
    double weightSum,
    double effectiveTokens,
    Double layerShare,
    List<String> remedies) {

  private static final double NOTICEABLE = 0.005;

  /**
   * The utilization of one counted expert; its remedies follow from {@code share} of its layer's
   * mean.
   */
  ExpertUsage leaning(double share) {
    return new ExpertUsage(
        expert,
        tokens,
        scoreSum,
        scoreMean,
        this.share,
        underUtilized,
        calibrationTokens,
        weightSum,
        effectiveTokens,
        share,
        underUtilized ? remedies(share) : null);
  }

  private List<String> remedies(double share) {
    List<String> remedies = new ArrayList<>();
    if (calibrationTokens > tokens) {
      remedies.add("more-tokens");
    }
    if (share >= NOTICEABLE) {
      remedies.add("layer-mean");
    }
    return remedies;
  }
}
