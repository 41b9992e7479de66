package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;

/**
 * Calibration statistics of the inputs of a batch of B linears with K inputs each.
 *
 * @param hessian float32 [B, K, K]
 * @param largest largest absolute value, float32 [B]; zeros where no scheme asks for it
 */
record CalibratedInput(NDArray hessian, NDArray largest) {}
