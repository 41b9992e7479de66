package org.alphaquant.format;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The formats a weight can be stored in, and some of them the formats an activation can be rounded
 * to. A weight is {@code code * scale}; integers may also have a zero point.
 *
 * <p>Where a name leaves the split of the bits open the more accurate one for weights is meant:
 * {@code fp6} and {@code mxfp6} are E2M3, {@code fp8} and {@code mxfp8} are E4M3.
 */
public enum NumberFormat {
  INT2("int2", 2),
  INT3("int3", 3),
  INT4("int4", 4),
  INT5("int5", 5),
  INT6("int6", 6),
  INT7("int7", 7),
  INT8("int8", 8),
  FP4("fp4", Kind.FP, ElementType.E2M1),
  FP6_E2M3("fp6", Kind.FP, ElementType.E2M3),
  FP6_E3M2("fp6_e3m2", Kind.FP, ElementType.E3M2),
  FP8_E4M3("fp8", Kind.FP, ElementType.E4M3),
  FP8_E5M2("fp8_e5m2", Kind.FP, ElementType.E5M2),
  MXFP4("mxfp4", Kind.MX, ElementType.E2M1),
  MXFP6_E2M3("mxfp6", Kind.MX, ElementType.E2M3),
  MXFP6_E3M2("mxfp6_e3m2", Kind.MX, ElementType.E3M2),
  MXFP8("mxfp8", Kind.MX, ElementType.E4M3),
  NVFP4("nvfp4", Kind.NV, ElementType.E2M1),
  Q2_K("q2_k", 2, TwoLevels.Q2_K),
  Q3_K("q3_k", 3, TwoLevels.Q3_K),
  Q4_K("q4_k", 4, TwoLevels.Q4_K),
  Q5_K("q5_k", 5, TwoLevels.Q5_K),
  Q6_K("q6_k", 6, TwoLevels.Q6_K),
  IQ4_NL("iq4_nl", 4, -127, 113),
  BF16("bf16", Kind.NONE, ElementType.BFLOAT16);

  /** How the scales of a format work. */
  public enum Kind {
    /** Integers with a scale of the model's dtype for each group of any size. */
    INT(0, ScaleKind.MODEL_DTYPE),
    /** Floats with a scale of the model's dtype for each group of any size. */
    FP(0, ScaleKind.MODEL_DTYPE),
    /** Floats with one power of two for each block of 32. */
    MX(32, ScaleKind.E8M0),
    /** Floats with one E4M3 scale for each block of 16 and one scale for the tensor. */
    NV(16, ScaleKind.E4M3_WITH_GLOBAL),
    /** Integers whose groups' scales, and perhaps minima, are multiples of a scale of each 256. */
    K(0, ScaleKind.TWO_LEVELS),
    /** Sixteen fixed values at uneven distances with a scale for each block of 32. */
    TABLE(32, ScaleKind.MODEL_DTYPE),
    /** No scales: the weights stay as they are. */
    NONE(0, ScaleKind.NONE);

    private final int blockSize;
    private final ScaleKind scale;

    Kind(int blockSize, ScaleKind scale) {
      this.blockSize = blockSize;
      this.scale = scale;
    }
  }

  private final String jsonName;
  private final Kind kind;
  private final int bits;
  private final int mantissaBits;
  private final int minimumExponent;
  private final double largest;
  private final double smallest;
  private final TwoLevels levels;

  NumberFormat(String jsonName, int bits) {
    this.jsonName = jsonName;
    this.kind = Kind.INT;
    this.bits = bits;
    this.mantissaBits = 0;
    this.minimumExponent = 0;
    this.largest = (1 << (bits - 1)) - 1;
    this.smallest = -largest - 1;
    this.levels = null;
  }

  NumberFormat(String jsonName, int bits, double smallest, double largest) {
    this.jsonName = jsonName;
    this.kind = Kind.TABLE;
    this.bits = bits;
    this.mantissaBits = 0;
    this.minimumExponent = 0;
    this.largest = largest;
    this.smallest = smallest;
    this.levels = null;
  }

  NumberFormat(String jsonName, int bits, TwoLevels levels) {
    this.jsonName = jsonName;
    this.kind = Kind.K;
    this.bits = bits;
    this.mantissaBits = 0;
    this.minimumExponent = 0;
    this.largest = levels.minima() ? (1 << bits) - 1 : (1 << (bits - 1)) - 1;
    this.smallest = levels.minima() ? 0 : -largest - 1;
    this.levels = levels;
  }

  NumberFormat(String jsonName, Kind kind, ElementType element) {
    this.jsonName = jsonName;
    this.kind = kind;
    this.bits = element.bits;
    this.mantissaBits = element.mantissaBits;
    this.minimumExponent = element.minimumExponent;
    this.largest = element.largest;
    this.smallest = -largest;
    this.levels = null;
  }

  /** The format of that JSON name, which is in lower case. */
  public static Optional<NumberFormat> named(String jsonName) {
    return Arrays.stream(values()).filter(format -> format.jsonName.equals(jsonName)).findFirst();
  }

  /** Every JSON name, in the order of the constants. */
  public static List<String> jsonNames() {
    return Arrays.stream(values()).map(NumberFormat::jsonName).toList();
  }

  /** The name in configurations, {@code mxfp4} for example. */
  public String jsonName() {
    return jsonName;
  }

  public Kind kind() {
    return kind;
  }

  /** Bits of one code, without scales. */
  public int bits() {
    return bits;
  }

  /** Bits of the fraction; 0 for integers. */
  public int mantissaBits() {
    return mantissaBits;
  }

  /**
   * Exponent of the smallest normal number. The grid's smallest step is {@code 2^(minimumExponent -
   * mantissaBits)}; for integers that is 1.
   */
  public int minimumExponent() {
    return minimumExponent;
  }

  /** The largest code's value before scaling: 7 for int4, whose smallest is -8; 6 for fp4. */
  public double largest() {
    return largest;
  }

  /** The smallest code's value before scaling for symmetric use: -8 for int4, -6 for fp4. */
  public double smallest() {
    return smallest;
  }

  /**
   * Weights that share one scale by definition: 32 for MX, 16 for NVFP4, 16 or 32 for K-quants; 0
   * where it is free.
   */
  public int blockSize() {
    return levels == null ? kind.blockSize : levels.groupSize();
  }

  /** How the scales of a K-quant are made of two levels; empty for all others. */
  public Optional<TwoLevels> levels() {
    return Optional.ofNullable(levels);
  }

  /** What the length of a row has to be a multiple of, whatever its groups. */
  public int rowUnit() {
    return levels == null ? 1 : TwoLevels.BLOCK;
  }

  public ScaleKind scale() {
    return kind.scale;
  }

  /** Whether codes may have a zero point. */
  public boolean canBeAsymmetric() {
    return kind == Kind.INT;
  }

  /** Whether weights in this format stay what they were in the source. */
  public boolean isUnquantized() {
    return kind == Kind.NONE;
  }

  /** Whether {@code groupSize} can be asked for: -1 (a whole row) or a multiple of the block. */
  public boolean acceptsGroupSize(int groupSize) {
    if (groupSize == TensorScheme.PER_CHANNEL) {
      return true;
    }
    return groupSize > 0 && (blockSize() == 0 || groupSize % blockSize() == 0);
  }

  /** What a configuration means that names no group size. */
  public int defaultGroupSize() {
    if (blockSize() > 0) {
      return blockSize();
    }
    boolean eightBitFloat = kind == Kind.FP && bits == 8;
    return eightBitFloat || isUnquantized() ? TensorScheme.PER_CHANNEL : 128;
  }
}
