package org.alphaquant.prepare;

import org.alphaquant.calibration.CalibrationSamples;

/**
 * A prepared job with the tokens that it is calibrated and measured on.
 *
 * @param provenance where the model and the texts came from
 * @param training token ids of the calibration text that is trained on [n][length]; none where
 *     nothing is trained
 * @param heldOut token ids of calibration text that is not calibrated on [n][length], for a
 *     budget's sensitivities; none without a budget
 * @param evaluation what the model is measured on before and after
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
