package org.alphaquant.format;

import org.alphaquant.torch.TorchDtype;

/**
 * The values that a scheme's codes stand for, and how groups of them are scaled: {@code Grid} of
 * {@code torchscript/format.py}, field by field.
 *
 * @param floating floating-point numbers, not integers
 * @param least least code of integers
 * @param greatest greatest code of integers, greatest value of floats
 * @param mantissaBits of floats
 * @param leastExponent of the least normal float
 * @param groupSize inputs that share a scale, resolved: never {@value TensorScheme#PER_CHANNEL}
 * @param scaleKind 0 real, 1 E8M0, 2 E4M3 below one scale of the tensor
 * @param scaleDtype what a real scale is rounded to before codes are computed
 * @param symmetric no zero points
 */
public record WeightGrid(
    boolean floating,
    double least,
    double greatest,
    int mantissaBits,
    int leastExponent,
    long groupSize,
    int scaleKind,
    TorchDtype scaleDtype,
    boolean symmetric) {

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
    boolean floating = format.kind() != NumberFormat.Kind.INT;
    return new WeightGrid(
        floating,
        floating ? -format.largest() : format.smallest(),
        format.largest(),
        floating ? format.mantissaBits() : 0,
        floating ? format.minimumExponent() : 0,
        group,
        scaleKind(format),
        modelDtype,
        scheme.symmetric());
  }

  /** The fields as scripts take them. */
  public double[] numbers() {
    return new double[] {
      floating ? 1 : 0,
      least,
      greatest,
      mantissaBits,
      leastExponent,
      groupSize,
      scaleKind,
      scaleDtype.number(),
      symmetric ? 1 : 0
    };
  }

  private static int scaleKind(NumberFormat format) {
    return switch (format.scale()) {
      case NONE, MODEL_DTYPE -> 0;
      case E8M0 -> 1;
      case E4M3_WITH_GLOBAL -> 2;
    };
  }
}
