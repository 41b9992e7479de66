package org.alphaquant.prepare;

import org.alphaquant.calibration.CalibrationSamples;

/**
 * A prepared job with its token ids for calibration and evaluation.
 *
 * @param provenance origins of the model and the texts
 * @param training token ids for training [n][length]; empty without training @param heldOut token
 *     ids held out from calibration [n][length], for a budget's sensitivities; empty without a
 *     budget @param evaluation inputs of the evaluation
 */
public record RunInputs(
    PreparedJob job,
    CalibrationSamples samples,
    Provenance provenance,
    long[][] training,
    long[][] heldOut,
    EvaluationInputs evaluation) {

  /** The same, calibrated on other samples. */
  public RunInputs with(CalibrationSamples others) {
    return new RunInputs(job, others, provenance, training, heldOut, evaluation);
  }

  /** The same for the job with another configuration. */
  public RunInputs with(PreparedJob configured) {
    return new RunInputs(configured, samples, provenance, training, heldOut, evaluation);
  }
}
