package org.alphaquant.prepare;

import org.alphaquant.calibration.CalibrationSamples;
import org.alphaquant.traffic.ExpertCounts;
import org.alphaquant.traffic.TrafficWeights;

/**
 * A prepared job with its token ids for calibration and evaluation.
 *
 * @param provenance origins of the model and the texts
 * @param training token ids for training [n][length]; empty without training
 * @param heldOut token ids held out from calibration [n][length], for a budget's sensitivities;
 *     empty without a budget
 * @param evaluation inputs of the evaluation
 * @param traffic which experts are used; null where nothing is fitted to that
 * @param weighed weights of samples and experts for that traffic; null before they are computed
 */
public record RunInputs(
    PreparedJob job,
    CalibrationSamples samples,
    Provenance provenance,
    long[][] training,
    long[][] heldOut,
    EvaluationInputs evaluation,
    ExpertCounts traffic,
    TrafficWeights.Weighed weighed) {

  /** The same, calibrated on other samples. */
  public RunInputs with(CalibrationSamples others) {
    return new RunInputs(job, others, provenance, training, heldOut, evaluation, traffic, weighed);
  }

  /** The same for the job with another configuration. */
  public RunInputs with(PreparedJob configured) {
    return new RunInputs(
        configured, samples, provenance, training, heldOut, evaluation, traffic, weighed);
  }

  /** The same, with samples and experts that count differently. */
  public RunInputs with(TrafficWeights.Weighed weights) {
    return new RunInputs(job, samples, provenance, training, heldOut, evaluation, traffic, weights);
  }
}
