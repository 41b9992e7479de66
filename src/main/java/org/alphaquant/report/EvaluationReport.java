package org.alphaquant.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Map;
import org.alphaquant.estimate.PeakMemory;
import org.alphaquant.measure.Accuracy;
import org.alphaquant.measure.Divergence;
import org.alphaquant.measure.PerplexityChange;
import org.alphaquant.prepare.Provenance;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * All figures of an evaluation, as {@code evaluation_report.json}.
 *
 * @param versions of this program and its libraries
 * @param model the measured model
 * @param reference the model that it was compared with; null without one
 * @param family of the model
 * @param source files of the measured model
 * @param referenceSource those of the reference; null without one
 * @param texts that were measured on
 * @param perplexity null where no text was given
 * @param divergence from the reference; null without one
 * @param choices multiple-choice questions; null if there were none
 * @param seconds by phase
 * @param peakMemory in bytes
 * @param warnings for the reader
 */
@JsonNaming(SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record EvaluationReport(
    Map<String, String> versions,
    String model,
    String reference,
    String family,
    ReportedSource source,
    ReportedSource referenceSource,
    List<Provenance.Text> texts,
    PerplexityChange perplexity,
    Divergence divergence,
    Accuracy choices,
    Map<String, Double> seconds,
    PeakMemory.Peak peakMemory,
    List<String> warnings) {

  /** Its name among the artifacts. */
  public static final String FILE = "evaluation_report.json";
}
