package org.alphaquant.model.block;

import ai.djl.ndarray.NDArray;
import org.alphaquant.torch.TensorScope;

/**
 * Dynamic activation quantization as an engine applies it: each block of a token's values is
 * divided by its own scale, computed per token, and rounded to a number grid. {@code Rounding} of
 * {@code torchscript/activation.py}, field by field.
 *
 * @param floating floating-point numbers, not integers
 * @param least least code of integers
 * @param greatest greatest code of integers, greatest value of floats
 * @param mantissaBits of floats
 * @param leastExponent of the least normal float
 * @param blockSize values that share a scale; 0: the whole token
 * @param scaleKind 0 real, 1 power of two, 2 E4M3
 * @param divisor the tensor's own, of E4M3 scales
 */
public record InputRounding(
    boolean floating,
    double least,
    double greatest,
    int mantissaBits,
    int leastExponent,
    long blockSize,
    int scaleKind,
    double divisor) {

  /** No rounding. */
  public static final InputRounding NONE = new InputRounding(false, 0, 0, 0, 0, 0, 0, 1);

  /** Whether nothing is rounded. */
  public boolean isNone() {
    return greatest == 0;
  }

  /** The fields as scripts take them. */
  public double[] numbers() {
    return new double[] {
      floating ? 1 : 0, least, greatest, mantissaBits, leastExponent, blockSize, scaleKind, divisor
    };
  }

  /** Rounds x [..., in]. */
  NDArray apply(TensorScope scope, NDArray x) {
    return isNone() ? x : scope.run("activation.round_inputs", x, numbers());
  }
}
