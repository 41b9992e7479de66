package org.alphaquant.report;

import java.util.Map;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * The report of a repacking, {@code repack_report.json}.
 *
 * @param versions of this program and its libraries
 * @param model the source
 * @param family of the model
 * @param format of the result
 * @param modules number of weights of each scheme
 * @param bitsPerWeight of the quantized weights as stored in the result
 * @param source its files
 * @param seconds by phase
 */
@JsonNaming(SnakeCaseStrategy.class)
public record RepackReport(
    Map<String, String> versions,
    String model,
    String family,
    ReportedSource source,
    String format,
    Map<String, Long> modules,
    double bitsPerWeight,
    Map<String, Double> seconds) {

  /** Its name among the artifacts. */
  public static final String FILE = "repack_report.json";
}
