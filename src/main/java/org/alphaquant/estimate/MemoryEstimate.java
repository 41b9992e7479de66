package org.alphaquant.estimate;

/**
 * Peak memory of a run, all arrays in 32-bit floats.
 *
 * <p>With {@code T} tokens, hidden size {@code H}, expert width {@code M}, {@code A} attention and
 * {@code D} dense weights per layer, a run holds on the device:
 *
 * <ul>
 *   <li>the residual stream before and after the layer: {@code 2 T H};
 *   <li>the layer's attention and dense weights: {@code A + D};
 *   <li>while a projection of {@code I} inputs and {@code P} weights is solved, its Hessian in
 *       seven copies (as accumulated, shrunk, reordered, damped, factor, inverse, scratch) and its
 *       weight in nine (original, working copy, result, scales and zero points by column, residual,
 *       codes): {@code 7 I² + 9 P}. Experts are solved in chunks of as many as fit, each counted
 *       with {@code I = max(H, M)} and {@code P = 3 H M}.
 * </ul>
 *
 * @param deviceBytes most that is held on the device at a time
 * @param hostBytes most that the Java process holds beside it: the written tensors of one layer;
 *     the source is memory-mapped and not counted. On the CPU both are the same memory.
 * @param expertsAtOnce experts that are solved as one batch; 0 in a dense model
 */
public record MemoryEstimate(long deviceBytes, long hostBytes, int expertsAtOnce) {
  private static final int HESSIAN_COPIES = 7;
  private static final int WEIGHT_COPIES = 9;

  /**
   * The estimate for a device with this much memory to use.
   *
   * @param layerOutputBytes written size of the largest layer
   * @param budgetBytes device memory that the run may fill; what exceeds it cannot run
   */
  public static MemoryEstimate of(RunShape shape, long layerOutputBytes, long budgetBytes) {
    long residual = 2 * shape.tokens() * shape.hidden();
    long weights = shape.attentionWeights() + shape.denseWeights();
    long standing = Float.BYTES * (residual + weights);
    long dense = solving(shape.widestInput(), Math.max(weights / 3, shape.attentionWeights() / 3));
    if (shape.experts() == 0) {
      return new MemoryEstimate(standing + dense, layerOutputBytes, 0);
    }
    long each = solving(Math.max(shape.hidden(), shape.expertWidth()), shape.expertWeights());
    long fitting = Math.max(1, (budgetBytes - standing) / each);
    int atOnce = (int) Math.min(shape.experts(), fitting);
    return new MemoryEstimate(standing + Math.max(dense, atOnce * each), layerOutputBytes, atOnce);
  }

  private static long solving(long inputs, long weights) {
    return Float.BYTES * (HESSIAN_COPIES * inputs * inputs + WEIGHT_COPIES * weights);
  }
}
