package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;

/**
 * What calibration says of the inputs of a batch of B linears with K inputs.
 *
 * @param hessian float32 [B, K, K]
 * @param largest largest absolute value, float32 [B]; zeros where no scheme asks for it
 */
record CalibratedInput(NDArray hessian, NDArray largest) {}
