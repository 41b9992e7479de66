package org.alphaquant.run;

import java.util.List;
import java.util.Set;
import org.alphaquant.calibration.CalibrationSamples;
import org.alphaquant.job.Coverage;
import org.alphaquant.job.HessianPrecision;
import org.alphaquant.job.RoutingWeight;
import org.alphaquant.prepare.Provenance;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * What a kept calibration says of itself, {@code calibration.json}. It is written last.
 *
 * @param version of the format, {@value #VERSION}
 * @param sourceSha256 of the source's headers and config.json
 * @param routingWeight what tokens count in the experts' Hessians
 * @param hessians what those are stored in
 * @param modules how many modules it has a Hessian for
 * @param samplesSha256 of the token ids
 * @param used how much of each text was read
 * @param digests of the documents that were read
 * @param evaluation SHA-256 of what the original was measured on; null where nothing was
 * @param measured what came of that, whose outputs lie in {@code outputs/}; null where nothing was
 */
@JsonNaming(SnakeCaseStrategy.class)
record KeptManifest(
    int version,
    String model,
    String revision,
    String sourceSha256,
    String family,
    int layers,
    RoutingWeight routingWeight,
    Coverage coverage,
    HessianPrecision hessians,
    int modules,
    int samples,
    int sequenceLength,
    String samplesSha256,
    List<CalibrationSamples.Used> used,
    List<String> shortages,
    Set<Long> digests,
    Provenance provenance,
    String evaluation,
    Measured measured) {

  /** Raised when a file of a calibration changes its form or meaning. */
  static final int VERSION = 1;
}
