package org.alphaquant.prepare;

import java.util.stream.Collectors;
import org.alphaquant.allocate.Unit;
import org.alphaquant.estimate.ModelShape;
import org.alphaquant.estimate.RunShape;
import org.alphaquant.estimate.WorkEstimate;
import org.alphaquant.job.CalibrationRequest;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.Sensitivity;

/**
 * The cost of measuring the sensitivities of a job's units.
 *
 * @param plan the choices
 */
public record AllocationWork(AllocationPlan plan) {

  // Streams of the variants of one layer, that exist at once, and the original's at two places.
  private static final long STREAM_BYTES = 2L << 30;
  private static final int ORIGINAL_STREAMS = 2;

  /** Tokens that divergence is measured on. */
  public long tokens() {
    JobSpec spec = plan.job().spec();
    int length = spec.calibration().sequenceLength();
    return (long) Math.max(1, spec.budget().tokens() / length) * length;
  }

  /** Whole quantizations before the job's own. */
  public int quantizations() {
    return plan.job().spec().budget().sensitivity() == Sensitivity.SPECTRUM
        ? 0
        : plan.formats().size();
  }

  /** Tokens times layers that pass through the model to measure divergence, as whole passes. */
  public double measuringPasses() {
    if (plan.job().spec().budget().sensitivity() != Sensitivity.MEASURED) {
      return 0;
    }
    double layers = plan.job().description().layers();
    double each =
        plan.units().stream().mapToDouble(unit -> (layers - unit.firstLayer()) / layers).sum();
    return each * plan.formats().size() + 1;
  }

  /** Floating-point operations of all. */
  public double operations() {
    CalibrationRequest calibration = plan.job().spec().calibration();
    long calibrated = (long) calibration.samples() * calibration.sequenceLength();
    ModelShape shape = new ModelShape(plan.job().description(), calibrated);
    int trials = plan.job().spec().gptq().trials(calibration.samples());
    double quantizing =
        quantizations()
            * WorkEstimate.of(shape.mean())
                .plus(WorkEstimate.trials(shape.mean(), trials).operations())
                .operations();
    return quantizing + 2 * tokens() * measuringPasses() * weightsPerToken(shape.mean());
  }

  /** The original's stream, which is on the device beside what a quantization needs. */
  public long streamBytes() {
    CalibrationRequest calibration = plan.job().spec().calibration();
    long calibrated = (long) calibration.samples() * calibration.sequenceLength();
    return quantizations() == 0 ? 0 : Float.BYTES * calibrated * plan.job().description().hidden();
  }

  /** The most that is on the device while divergence is measured. */
  public long deviceBytes() {
    if (measuringPasses() == 0) {
      return 0;
    }
    RunShape shape = new ModelShape(plan.job().description(), tokens()).largest();
    long stream = Float.BYTES * tokens() * shape.hidden();
    long layer =
        shape.attentionWeights() + shape.denseWeights() + shape.experts() * shape.expertWeights();
    long variants = variantsAtOnce(stream);
    return (ORIGINAL_STREAMS + variants) * stream
        + 2 * Float.BYTES * layer
        + Float.BYTES * 2 * shape.vocabulary() * shape.hidden();
  }

  /** How many variants of a layer are taken through the model together. */
  public int variantsAtOnce(long streamBytes) {
    long most =
        plan.units().stream()
            .mapToInt(Unit::firstLayer)
            .boxed()
            .collect(Collectors.groupingBy(it -> it, Collectors.counting()))
            .values()
            .stream()
            .mapToLong(Long::longValue)
            .max()
            .orElse(1);
    return (int) Math.max(1, Math.min(most, STREAM_BYTES / Math.max(1, streamBytes)));
  }

  private static double weightsPerToken(RunShape mean) {
    double layer =
        mean.attentionWeights()
            + mean.denseWeights()
            + (double) mean.expertsPerToken() * mean.expertWeights();
    return mean.layers() * layer + 2.0 * mean.vocabulary() * mean.hidden();
  }
}
