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
 * @param scaleKind 0 real, 1 E8M0, 2 E4M3 below one scale of the tensor, 3 two levels, 4 E4M3
 *     alone, 5 real with minima beside in half precision, 6 E4M3 below a power of two of the tensor
 * @param scaleDtype what a real scale is rounded to before codes are computed
 * @param symmetric no zero points
 * @param table codes stand for IQ4_NL's values, not for numbers at even distances
 * @param levels how scales are made of two levels; null where they are not
 * @param eitherSign whether a negative scale may turn a grid whose least code is further from zero
 *     than its greatest
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
    boolean symmetric,
    boolean table,
    TwoLevels levels,
    boolean eitherSign) {

  private static final int E8M0 = 1;
  private static final int E4M3_BELOW_OUTER = 2;
  private static final int E4M3_ALONE = 4;
  private static final int REAL_WITH_MINIMA = 5;
  private static final int E4M3_BELOW_POWER = 6;

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
    boolean table = format.kind() == NumberFormat.Kind.TABLE;
    boolean floating =
        !table && format.kind() != NumberFormat.Kind.INT && format.kind() != NumberFormat.Kind.K;
    TwoLevels levels = format.levels().orElse(null);
    return new WeightGrid(
        floating,
        floating ? -format.largest() : format.smallest(),
        format.largest(),
        floating ? format.mantissaBits() : 0,
        floating ? format.minimumExponent() : 0,
        group,
        scaleKind(format),
        modelDtype,
        scheme.symmetric() && (levels == null || !levels.minima()),
        table,
        levels,
        false);
  }

  /** The fields as scripts take them: they keep a scale's sign as they find it. */
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
      symmetric ? 1 : 0,
      table ? 1 : 0,
      levels == null ? 0 : levels.most()
    };
  }

  /** Whether a minimum is stored beside each scale, rather than a zero point or nothing. */
  public boolean minima() {
    return scaleKind == REAL_WITH_MINIMA || levels != null && levels.minima();
  }

  /** Whether scales can follow their codes: powers of two leave no room. */
  public boolean refittable() {
    return scaleKind != E8M0;
  }

  /** The same with minima in half precision where there are zero points. */
  public WeightGrid withMinima() {
    return symmetric || levels != null ? this : withScaleKind(REAL_WITH_MINIMA);
  }

  /** The same without a scale of the whole tensor. */
  public WeightGrid withoutOuterScale() {
    return scaleKind == E4M3_BELOW_OUTER ? withScaleKind(E4M3_ALONE) : this;
  }

  /** The same with a power of two as the scale of the whole tensor, so that products are exact. */
  public WeightGrid withOuterPower() {
    return scaleKind == E4M3_BELOW_OUTER ? withScaleKind(E4M3_BELOW_POWER) : this;
  }

  /** Whether the scale of the whole tensor is a power of two. */
  public boolean outerPower() {
    return scaleKind == E4M3_BELOW_POWER;
  }

  /** The same with negative real scales as well, where these gain anything. */
  public WeightGrid withEitherSign() {
    boolean gains = symmetric && scaleKind == 0 && -least > greatest;
    return with(scaleKind, eitherSign || gains);
  }

  private WeightGrid withScaleKind(int kind) {
    return with(kind, eitherSign);
  }

  private WeightGrid with(int kind, boolean sign) {
    return new WeightGrid(
        floating,
        least,
        greatest,
        mantissaBits,
        leastExponent,
        groupSize,
        kind,
        scaleDtype,
        symmetric,
        table,
        levels,
        sign);
  }

  private static int scaleKind(NumberFormat format) {
    return switch (format.scale()) {
      case NONE, MODEL_DTYPE -> 0;
      case E8M0 -> E8M0;
      case E4M3_WITH_GLOBAL -> E4M3_BELOW_OUTER;
      case TWO_LEVELS -> 3;
    };
  }
}
