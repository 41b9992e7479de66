package org.alphaquant.job;

import static java.util.Objects.requireNonNull;

import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * Progress of an attempt. Unknown values are null, not zero.
 *
 * @param phase the current phase, for example {@code quantize}
 * @param layer layers finished, of {@code layers}
 * @param fraction of the whole job, 0 to 1
 * @param estimatedRemainingSeconds to the end of the job, or of the phase if only that is known
 * @param transfer bytes transferred over the network; null in phases without downloads
 */
@JsonNaming(SnakeCaseStrategy.class)
public record JobProgress(
    String phase,
    Integer layer,
    Integer layers,
    Double fraction,
    Long estimatedRemainingSeconds,
    Transfer transfer) {
  /**
   * Bytes transferred so far.
   *
   * @param bytesPerSecond since the phase began
   */
  @JsonNaming(SnakeCaseStrategy.class)
  public record Transfer(long bytes, long totalBytes, double bytesPerSecond) {}

  public JobProgress(
      String phase,
      Integer layer,
      Integer layers,
      Double fraction,
      Long estimatedRemainingSeconds) {
    this(phase, layer, layers, fraction, estimatedRemainingSeconds, null);
  }

  public JobProgress {
    requireNonNull(phase, "phase is null");
    if (fraction != null && !(fraction >= 0 && fraction <= 1)) {
      throw new IllegalArgumentException(
          "fraction is %s but must be from 0 to 1".formatted(fraction));
    }
  }

  /** Once the job has succeeded, whatever its last attempt told before. */
  public JobProgress whole() {
    return new JobProgress(phase, layer, layers, 1.0, 0L);
  }
}
