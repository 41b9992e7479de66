package org.alphaquant.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Map;
import org.alphaquant.estimate.PeakMemory;
import org.alphaquant.measure.Accuracy;
import org.alphaquant.measure.Divergence;
import org.alphaquant.measure.PerplexityChange;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * All figures of an evaluation, as {@code evaluation_report.json}.
 *
 * @param versions of this program and of what computes
 * @param model what was measured
 * @param reference what it was compared with; null where it was measured alone
 * @param family that the model was read as
 * @param perplexity null where no text was given
 * @param divergence from the reference; null without one
 * @param choices multiple-choice questions; null where there were none
 * @param seconds by phase
 * @param peakMemory what was seen at most, in bytes
 * @param warnings what a person should know
 */
@JsonNaming(SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record EvaluationReport(
    Map<String, String> versions,
    String model,
    String reference,
    String family,
    PerplexityChange perplexity,
    Divergence divergence,
    Accuracy choices,
    Map<String, Double> seconds,
    PeakMemory.Peak peakMemory,
    List<String> warnings) {

  /** Its name among the artifacts. */
  public static final String FILE = "evaluation_report.json";
}
