package org.alphaquant.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.util.List;
import java.util.Map;
import org.alphaquant.allocate.Adaptation;
import org.alphaquant.allocate.Allocation;
import org.alphaquant.checkpoint.WrittenFile;
import org.alphaquant.estimate.PeakMemory;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.job.Coverage;
import org.alphaquant.job.GptqRequest;
import org.alphaquant.job.Recipe;
import org.alphaquant.job.RotationRequest;
import org.alphaquant.job.SelfWrittenRequest;
import org.alphaquant.measure.Accuracy;
import org.alphaquant.measure.Divergence;
import org.alphaquant.measure.PerplexityChange;
import org.alphaquant.moe.Utilization;
import org.alphaquant.prepare.Provenance;
import org.alphaquant.quantize.LinearReport;
import org.alphaquant.traffic.TrafficFit;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * The report of a finished run, {@code quantization_report.json}.
 *
 * @param versions of this program and its libraries
 * @param model the source
 * @param calibration the tokens used
 * @param settings of the quantization
 * @param perplexity before and after; null where no text was given
 * @param evaluationTexts the files that were measured on
 * @param divergence of the quantized model's predictions from the original's; null where not
 *     measured
 * @param choices multiple-choice questions; null where there were none
 * @param bitsPerWeight of the quantized linears, scales and zero points counted in
 * @param allocation the formats that were chosen within a budget; null without one
 * @param adaptation the experts with their own scheme; null without such rules
 * @param bytes of the tensors before and after
 * @param seconds by stage, over all layers
 * @param peakMemory in bytes
 * @param warnings for the reader
 * @param linears one entry for each quantized linear
 * @param experts routing of each sparse layer
 * @param leftOut files of the source that were not copied, with the reason
 */
@JsonNaming(SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record QuantizationReport(
    Map<String, String> versions,
    Model model,
    Calibration calibration,
    List<Provenance.Text> evaluationTexts,
    Settings settings,
    PerplexityChange perplexity,
    Divergence divergence,
    Accuracy choices,
    double bitsPerWeight,
    Allocation allocation,
    Adaptation adaptation,
    Bytes bytes,
    Map<String, Double> seconds,
    PeakMemory.Peak peakMemory,
    List<String> warnings,
    List<Linear> linears,
    List<Utilization> experts,
    Map<String, String> leftOut) {

  /**
   * The model and the digest of its headers and config.json, which identify it.
   *
   * @param files weights, config.json and tokenizer.json with the SHA-256 of their bytes
   */
  @JsonNaming(SnakeCaseStrategy.class)
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Model(
      String id,
      String origin,
      String licence,
      String family,
      int layers,
      long parameters,
      String sha256,
      List<WrittenFile> files) {}

  /**
   * The calibration tokens.
   *
   * @param samples those that the model wrote itself among them
   * @param coverage which of them each expert was calibrated on
   * @param selfWritten the model's own text; null where there was none
   * @param traffic what it was weighted for, and how near that came; null without traffic
   */
  @JsonNaming(SnakeCaseStrategy.class)
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Calibration(
      int samples,
      int sequenceLength,
      long seed,
      Coverage coverage,
      SelfWrittenRequest selfWritten,
      TrafficFit traffic,
      String tokensSha256,
      List<Source> sources) {}

  /** A calibration text: its version and how much of it was used. */
  @JsonNaming(SnakeCaseStrategy.class)
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Source(
      String source,
      String origin,
      String licence,
      String sha256,
      long documents,
      long tokens,
      int samples) {}

  /**
   * Settings of the quantization.
   *
   * @param gptq every setting of the solver, completed by the recipe
   * @param rotation fused into the weights before quantization; null for none
   * @param scaleSteps candidates of the scale search; 1 is the absolute maximum
   */
  @JsonNaming(SnakeCaseStrategy.class)
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Settings(
      Recipe recipe, RotationRequest rotation, GptqRequest gptq, int scaleSteps) {}

  /**
   * One quantized linear.
   *
   * @param solved its module, and the solver's figures
   * @param format JSON name of its number format
   * @param groupSize inputs that share a scale; -1 for a whole row
   */
  @JsonNaming(SnakeCaseStrategy.class)
  public record Linear(
      @JsonUnwrapped LinearReport solved, String format, int groupSize, boolean symmetric) {

    static Linear of(LinearReport solved, TensorScheme scheme) {
      return new Linear(solved, scheme.format().jsonName(), scheme.groupSize(), scheme.symmetric());
    }
  }

  /** Sizes. */
  public record Bytes(long before, long after) {}
}
