package org.alphaquant.storage.compressedtensors;

import java.util.Optional;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.NumberFormat.Kind;
import org.alphaquant.format.TensorScheme;

/**
 * The storage formats of compressed-tensors, chosen as the library itself infers them from a scheme
 * (compressed-tensors 0.18, {@code compressors/format.py}).
 */
public enum CompressionFormat {
  /** Integers packed into 32-bit words; activations untouched. */
  PACK_QUANTIZED("pack-quantized"),
  /** Integers in bytes, with integer activations. */
  INT_QUANTIZED("int-quantized"),
  /** E4M3 with E4M3 activations. */
  FLOAT_QUANTIZED("float-quantized"),
  /** E4M3, activations untouched. */
  NAIVE_QUANTIZED("naive-quantized"),
  MXFP4_PACK_QUANTIZED("mxfp4-pack-quantized"),
  MXFP8_QUANTIZED("mxfp8-quantized"),
  NVFP4_PACK_QUANTIZED("nvfp4-pack-quantized");

  private final String jsonName;

  CompressionFormat(String jsonName) {
    this.jsonName = jsonName;
  }

  public String jsonName() {
    return jsonName;
  }

  /** Whether weights of this scheme are stored in this format. */
  public boolean holds(TensorScheme scheme) {
    return of(scheme).filter(this::equals).isPresent();
  }

  /** The format that holds weights of this scheme; empty where there is none. */
  public static Optional<CompressionFormat> of(TensorScheme scheme) {
    NumberFormat format = scheme.format();
    if (format.kind() == Kind.INT) {
      boolean integerInputs = scheme.activation() == NumberFormat.INT8;
      return Optional.of(integerInputs ? INT_QUANTIZED : PACK_QUANTIZED);
    }
    return switch (format) {
      case FP8_E4M3 -> Optional.of(keepsActivation(scheme) ? FLOAT_QUANTIZED : NAIVE_QUANTIZED);
      case MXFP4 -> Optional.of(MXFP4_PACK_QUANTIZED);
      case MXFP8 -> Optional.of(MXFP8_QUANTIZED);
      case NVFP4 -> Optional.of(NVFP4_PACK_QUANTIZED);
      default -> Optional.empty();
    };
  }

  /**
   * Whether the activation format can be written beside the weight's: int8 with integers, and every
   * float format with itself. Others are not written to the checkpoint.
   */
  public static boolean keepsActivation(TensorScheme scheme) {
    boolean integers =
        scheme.format().kind() == Kind.INT && scheme.activation() == NumberFormat.INT8;
    return scheme.hasActivation() && (integers || scheme.activation() == scheme.format());
  }

  /** The scheme as it can be written, that is without an activation that cannot. */
  static TensorScheme written(TensorScheme scheme) {
    return keepsActivation(scheme) ? scheme : scheme.withActivation(NumberFormat.BF16);
  }
}
