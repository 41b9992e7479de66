package org.alphaquant.job;

import static java.util.Objects.requireNonNull;

import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * How far an attempt is. What is not known is null, never a made-up zero.
 *
 * @param phase what is being done, for example {@code quantize}
 * @param layer layers finished, of {@code layers}
 * @param fraction of the whole job, 0 to 1
 * @param estimatedRemainingSeconds to the end of the job
 */
@JsonNaming(SnakeCaseStrategy.class)
public record JobProgress(
    String phase, Integer layer, Integer layers, Double fraction, Long estimatedRemainingSeconds) {
  public JobProgress {
    requireNonNull(phase, "phase is null");
    if (fraction != null && !(fraction >= 0 && fraction <= 1)) {
      throw new IllegalArgumentException(
          "fraction is %s but must be from 0 to 1".formatted(fraction));
    }
  }
}
