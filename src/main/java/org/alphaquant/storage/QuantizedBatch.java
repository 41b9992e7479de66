package org.alphaquant.storage;

import ai.djl.ndarray.NDArray;

/**
 * A solved batch of B weights [N, K] with G groups a row, before it is packed.
 *
 * @param weight the dequantized weights, float32 [B, N, K]
 * @param codes uint8 [B, N, K], integers counted from the least code
 * @param scale float32 [B, N, G]
 * @param zero float32 [B, N, G]
 * @param outer NVFP4's scale of each whole tensor, float32 [B]
 * @param largestInput largest absolute input of each linear, float32 [B]
 */
public record QuantizedBatch(
    NDArray weight,
    NDArray codes,
    NDArray scale,
    NDArray zero,
    NDArray outer,
    NDArray largestInput) {}
