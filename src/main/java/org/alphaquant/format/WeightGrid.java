package org.alphaquant.format;

import org.alphaquant.torch.TorchDtype;

/**
 * A scheme in the numbers that {@code torchscript/format.py} takes.
 *
 * @param grid integers: 0, least and greatest code, 0; floats: 1, mantissa bits, least normal
 *     exponent, greatest value
 * @param groupSize inputs that share a scale, resolved: never {@value TensorScheme#PER_CHANNEL}
 * @param scaleKind 0 real, 1 E8M0, 2 E4M3 below one scale of the tensor
 * @param scaleDtype what a real scale is rounded to before codes are computed
 */
public record WeightGrid(
    double[] grid, long groupSize, int scaleKind, TorchDtype scaleDtype, boolean symmetric) {

  /**
   * The grid of a scheme for a weight with {@code inputs} columns.
   *
   * @param modelDtype the dtype that real scales are stored in
   * @throws IllegalArgumentException if the group size does not divide the inputs, or the scheme
   *     leaves the weight unquantized
   */
  public static WeightGrid of(TensorScheme scheme, long inputs, TorchDtype modelDtype) {
    NumberFormat format = scheme.format();
    if (format.isUnquantized()) {
      throw new IllegalArgumentException(format.jsonName() + " has no grid");
    }
    long group = scheme.groupSize() == TensorScheme.PER_CHANNEL ? inputs : scheme.groupSize();
    if (inputs % group != 0) {
      throw new IllegalArgumentException(
          "group_size %d does not divide the %d inputs".formatted(group, inputs));
    }
    boolean integer = format.kind() == NumberFormat.Kind.INT;
    double[] grid =
        integer
            ? new double[] {0, format.smallest(), format.largest(), 0}
            : new double[] {1, format.mantissaBits(), format.minimumExponent(), format.largest()};
    return new WeightGrid(grid, group, scaleKind(format), modelDtype, scheme.symmetric());
  }

  private static int scaleKind(NumberFormat format) {
    return switch (format.scale()) {
      case NONE, MODEL_DTYPE -> 0;
      case E8M0 -> 1;
      case E4M3_WITH_GLOBAL -> 2;
    };
  }
}
