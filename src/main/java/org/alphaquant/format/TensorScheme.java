package org.alphaquant.format;

/**
 * How one weight {@code [out, in]} is stored, and what its input is rounded to when it is used.
 *
 * @param format the format of the weight
 * @param groupSize consecutive input features that share a scale; {@value #PER_CHANNEL} for one
 *     scale per row. MX and NVFP4 formats always have their block here.
 * @param symmetric false where each group also has a zero point
 * @param activation the format that the input is rounded to at run time; bf16 leaves it alone
 */
public record TensorScheme(
    NumberFormat format, int groupSize, boolean symmetric, NumberFormat activation) {

  /** The group size that means one scale for a whole row. */
  public static final int PER_CHANNEL = -1;

  /** The weight stays as it is in the source. */
  public static final TensorScheme UNQUANTIZED =
      new TensorScheme(NumberFormat.BF16, PER_CHANNEL, true, NumberFormat.BF16);

  public TensorScheme {
    if (groupSize != PER_CHANNEL && groupSize <= 0) {
      throw new IllegalArgumentException(
          "group size is " + groupSize + " but must be positive or -1");
    }
    if (format.blockSize() > 0 && groupSize != format.blockSize()) {
      throw new IllegalArgumentException(
          "group size of %s is %d but its block is %d"
              .formatted(format.jsonName(), groupSize, format.blockSize()));
    }
    if (!symmetric && !format.canBeAsymmetric()) {
      throw new IllegalArgumentException(format.jsonName() + " has no zero points");
    }
  }

  /** A symmetric scheme for weights alone. */
  public static TensorScheme of(NumberFormat format, int groupSize) {
    return new TensorScheme(format, groupSize, true, NumberFormat.BF16);
  }

  /** The same weight with other inputs. */
  public TensorScheme withActivation(NumberFormat other) {
    return new TensorScheme(format, groupSize, symmetric, other);
  }

  public boolean isUnquantized() {
    return format.isUnquantized();
  }

  public boolean isPerChannel() {
    return groupSize == PER_CHANNEL;
  }

  public boolean hasActivation() {
    return activation != NumberFormat.BF16;
  }

  /** Whether rows of {@code inFeatures} can be cut into whole groups. */
  public boolean divides(long inFeatures) {
    return isPerChannel() || inFeatures % groupSize == 0;
  }

  /**
   * Scales per row.
   *
   * @throws IllegalArgumentException where {@code inFeatures} is not a multiple of the group size
   */
  public long groups(long inFeatures) {
    if (!divides(inFeatures)) {
      throw new IllegalArgumentException(
          "group size %d does not divide in_features %d".formatted(groupSize, inFeatures));
    }
    return isPerChannel() ? 1 : inFeatures / groupSize;
  }

  /** Stored bits for one weight of a row of {@code inFeatures}: code, scale and zero point. */
  public double bitsPerWeight(long inFeatures) {
    if (isUnquantized()) {
      return format.bits();
    }
    if (format.levels().isPresent()) {
      return format.levels().get().bitsPerWeight();
    }
    int zeroPoint = symmetric ? 0 : format.bits();
    double perGroup = format.scale().bits() + zeroPoint;
    return format.bits() + perGroup * groups(inFeatures) / inFeatures;
  }

  /** For people: {@code int4 g128}, {@code int8 per channel asymmetric}. */
  public String label() {
    if (isUnquantized()) {
      return format.jsonName();
    }
    String group = isPerChannel() ? " per channel" : " g" + groupSize;
    String zeroPoints = symmetric ? "" : " asymmetric";
    String input = hasActivation() ? " with " + activation.jsonName() + " inputs" : "";
    return format.jsonName() + group + zeroPoints + input;
  }
}
