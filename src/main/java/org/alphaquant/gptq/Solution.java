package org.alphaquant.gptq;

import ai.djl.ndarray.NDArray;

/**
 * Quantized weights of a batch of B linears with R outputs, K inputs and G groups.
 *
 * @param weight dequantized, float32 [B, R, K]
 * @param codes stored codes, uint8 [B, R, K]
 * @param scale multipliers, float32 [B, R, G]; for NVFP4 local times outer scale
 * @param zero zero points on the signed grid, float32 [B, R, G]; zeros where symmetric
 * @param outer NVFP4's scale of the whole tensor as a multiplier, float32 [B]; for K-quants what
 *     scales and minima of each 256 weights are multiples of, float32 [B, R, K / 256, 1 or 2]; ones
 *     elsewhere
 * @param roundingError (w-q)ᵀH(w-q) of plain rounding on the same scales, [B·R]
 * @param error the same for what the solver reached, [B·R]
 * @param energy wᵀHw, what both are relative to, [B·R]
 * @param damp damping that made each Hessian invertible, [B]; -1 where none did and the element was
 *     rounded plainly
 */
public record Solution(
    NDArray weight,
    NDArray codes,
    NDArray scale,
    NDArray zero,
    NDArray outer,
    float[] roundingError,
    float[] error,
    float[] energy,
    float[] damp) {

  /** The same with another weight, as a storage format rounds it. */
  public Solution withWeight(NDArray stored) {
    return new Solution(stored, codes, scale, zero, outer, roundingError, error, energy, damp);
  }
}
