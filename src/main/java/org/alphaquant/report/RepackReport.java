package org.alphaquant.report;

import java.util.Map;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * What was written anew, as {@code repack_report.json}.
 *
 * @param versions of this program and of what computes
 * @param model that was repacked
 * @param family that it was read as
 * @param format that it is in now
 * @param modules how many weights are of each scheme, which is the source's
 * @param bitsPerWeight of the quantized weights, as they are stored now
 * @param seconds by phase
 */
@JsonNaming(SnakeCaseStrategy.class)
public record RepackReport(
    Map<String, String> versions,
    String model,
    String family,
    String format,
    Map<String, Long> modules,
    double bitsPerWeight,
    Map<String, Double> seconds) {

  /** Its name among the artifacts. */
  public static final String FILE = "repack_report.json";
}
