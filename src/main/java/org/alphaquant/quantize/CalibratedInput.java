package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;

/**
 * Calibration statistics of the inputs of a batch of B linears with K inputs each.
 *
 * @param hessian float32 [B, K, K]
 * @param heldOut the part of it that is of sequences held out, [B, K, K]; null where none are
 * @param largest largest absolute value, float32 [B]; zeros where no scheme asks for it
 */
record CalibratedInput(NDArray hessian, NDArray heldOut, NDArray largest) {

  /** With nothing held out. */
  CalibratedInput(NDArray hessian, NDArray largest) {
    this(hessian, null, largest);
  }
}
