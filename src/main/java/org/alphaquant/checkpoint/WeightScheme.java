package org.alphaquant.checkpoint;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * How a compressed-tensors checkpoint stores the weights of a module, as its {@code
 * quantization_config} says.
 *
 * @param layout the group's {@code format}
 * @param bits bits of a code
 * @param symmetric false where scales come with zero points
 * @param groupSize consecutive inputs that share a scale; {@link #PER_CHANNEL} for a whole row,
 *     {@link #PER_TENSOR} for the whole matrix
 * @param groupIndexed whether a {@code weight_g_idx} tells the group of each input ({@code
 *     actorder: "group"})
 */
public record WeightScheme(
    Layout layout, int bits, boolean symmetric, int groupSize, boolean groupIndexed) {

  public static final int PER_CHANNEL = -1;
  public static final int PER_TENSOR = 0;

  /**
   * The layouts of compressed-tensors 0.18 that hold quantized weights.
   *
   * @see <a href="https://github.com/vllm-project/compressed-tensors">compressed-tensors,
   *     compressors</a>
   */
  public enum Layout {
    /** Integers of 2 to 8 bits, each row a dense little-endian stream in 32-bit words. */
    PACK_QUANTIZED("pack-quantized", "int", Dtype.I32, true),
    /** 8-bit integers, one a byte, for use with quantized inputs. */
    INT_QUANTIZED("int-quantized", "int", Dtype.I8, false),
    /** 8-bit floats for use with quantized inputs. */
    FLOAT_QUANTIZED("float-quantized", "float", Dtype.F8_E4M3, false),
    /** 8-bit floats for use with unquantized inputs. */
    NAIVE_QUANTIZED("naive-quantized", "float", Dtype.F8_E4M3, false),
    /** E2M1 codes, two a byte, with E8M0 scales. */
    MXFP4_PACK_QUANTIZED("mxfp4-pack-quantized", "float", Dtype.U8, true),
    /** E4M3 codes with E8M0 scales. */
    MXFP8_QUANTIZED("mxfp8-quantized", "float", Dtype.F8_E4M3, false),
    /** E2M1 codes, two a byte, with E4M3 scales that one number of the tensor divides. */
    NVFP4_PACK_QUANTIZED("nvfp4-pack-quantized", "float", Dtype.U8, true);

    private final String jsonName;
    private final String type;
    private final Dtype codes;
    private final boolean packed;

    Layout(String jsonName, String type, Dtype codes, boolean packed) {
      this.jsonName = jsonName;
      this.type = type;
      this.codes = codes;
      this.packed = packed;
    }

    /** The name in {@code quantization_config}. */
    public String jsonName() {
      return jsonName;
    }

    /** Whether codes are in {@code weight_packed} rather than in {@code weight}. */
    public boolean isPacked() {
      return packed;
    }

    String type() {
      return type;
    }

    Dtype codes() {
      return codes;
    }

    List<Dtype> scales() {
      return switch (this) {
        case MXFP4_PACK_QUANTIZED, MXFP8_QUANTIZED -> List.of(Dtype.U8);
        case NVFP4_PACK_QUANTIZED -> List.of(Dtype.F8_E4M3);
        default -> List.of(Dtype.BF16, Dtype.F16, Dtype.F32);
      };
    }

    static Optional<Layout> named(String jsonName) {
      return Arrays.stream(values()).filter(layout -> layout.jsonName.equals(jsonName)).findFirst();
    }
  }

  /** Stored columns of codes for a row of so many inputs. */
  long codeColumns(long inFeatures) {
    int container = layout.codes.bits();
    return layout.packed ? divideUp(inFeatures * bits, container) : inFeatures;
  }

  /** Scales of a row. */
  long groups(long inFeatures) {
    return groupSize > 0 ? inFeatures / groupSize : 1;
  }

  boolean divides(long inFeatures) {
    return groupSize <= 0 || inFeatures % groupSize == 0;
  }

  static long divideUp(long value, long divisor) {
    return (value + divisor - 1) / divisor;
  }
}
