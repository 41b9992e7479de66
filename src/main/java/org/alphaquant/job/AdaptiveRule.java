package org.alphaquant.job;

import static org.alphaquant.job.Limits.text;
import static org.alphaquant.job.Limits.within;

import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * A scheme for experts that calibration uses rarely or often. Exactly one of the first two is
 * given.
 *
 * @param belowShare experts with a smaller part of their layer's (token, slot) pairs, 0 to 1
 * @param aboveShare experts with a larger part
 * @param wq number format of their weights, by its name in a configuration
 * @param groupSize consecutive inputs that share a scale, -1 for a whole row; null keeps the
 *     configuration's
 */
@JsonNaming(SnakeCaseStrategy.class)
public record AdaptiveRule(Double belowShare, Double aboveShare, String wq, Integer groupSize) {
  public AdaptiveRule {
    if ((belowShare == null) == (aboveShare == null)) {
      throw new SpecException(
          "below_share",
          belowShare == null ? null : "given beside above_share",
          "given, or above_share must be, and not both");
    }
    within(
        belowShare == null ? "above_share" : "below_share",
        belowShare == null ? aboveShare : belowShare,
        0.0,
        1.0);
    text("wq", wq, 32);
    if (groupSize != null && groupSize != -1) {
      within("group_size", groupSize, 1, 1 << 20);
    }
  }

  /** Whether it is for an expert with that share. */
  public boolean concerns(double share) {
    return belowShare == null ? share > aboveShare : share < belowShare;
  }
}
