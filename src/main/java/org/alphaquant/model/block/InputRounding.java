package org.alphaquant.model.block;

import ai.djl.ndarray.NDArray;
import java.util.Arrays;
import org.alphaquant.torch.TensorScope;

/**
 * What an engine does to a linear's input before it multiplies: each block of a token's values gets
 * a scale of its own, found as the token comes, and is rounded to a grid below it.
 *
 * @param parameters the grid's four numbers as {@code torchscript/format.py} has them, the block
 *     size (0: the whole token), the kind of scale (0 real, 1 power of two, 2 E4M3) and, for the
 *     last, the tensor's own divisor
 */
public record InputRounding(double... parameters) {

  /** Inputs stay as they are. */
  public static final InputRounding NONE = new InputRounding();

  public InputRounding {
    if (parameters.length != 0 && parameters.length != 7) {
      throw new IllegalArgumentException(
          "an input rounding has 7 parameters, not " + Arrays.toString(parameters));
    }
    parameters = parameters.clone();
  }

  @Override
  public double[] parameters() {
    return parameters.clone();
  }

  /** Whether nothing is rounded. */
  public boolean isNone() {
    return parameters.length == 0;
  }

  /** Rounds x [..., in]. */
  NDArray apply(TensorScope scope, NDArray x) {
    return isNone() ? x : scope.run("activation.round_inputs", x, parameters);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof InputRounding rounding
        && Arrays.equals(parameters, rounding.parameters);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(parameters);
  }
}
