package org.alphaquant.run;

import java.util.List;
import java.util.Set;
import org.alphaquant.calibration.CalibrationSamples;
import org.alphaquant.job.Coverage;
import org.alphaquant.job.HessianPrecision;
import org.alphaquant.job.RoutingWeight;
import org.alphaquant.prepare.Provenance;
import org.alphaquant.traffic.TrafficFit;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * The manifest of a kept calibration, {@code calibration.json}, written last.
 *
 * @param version of the format, {@value #VERSION}
 * @param sourceSha256 of the source's headers and config.json
 * @param routingWeight weight of a token in the Hessians of experts
 * @param hessians dtype of the stored Hessians
 * @param modules number of modules with a Hessian
 * @param traffic that its tokens were weighted for; null where they all count the same
 * @param samplesSha256 of the token ids
 * @param used the amount read of each text
 * @param digests of the documents that were read
 * @param evaluation SHA-256 of the evaluation text; null without one
 * @param measured the original's figures, whose outputs are in {@code outputs/}; null without an
 *     evaluation
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
    TrafficFit traffic,
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
