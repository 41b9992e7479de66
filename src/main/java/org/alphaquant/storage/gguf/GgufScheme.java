package org.alphaquant.storage.gguf;

import java.util.Optional;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;

/** Which type of block holds a scheme's codes as they are. */
final class GgufScheme {

  private static final int BYTE = 8;

  private GgufScheme() {}

  /** Empty where none does. */
  static Optional<GgufType> type(TensorScheme scheme) {
    return switch (scheme.format()) {
      case Q2_K -> Optional.of(GgufType.Q2_K);
      case Q3_K -> Optional.of(GgufType.Q3_K);
      case Q4_K -> Optional.of(GgufType.Q4_K);
      case Q5_K -> Optional.of(GgufType.Q5_K);
      case Q6_K -> Optional.of(GgufType.Q6_K);
      case IQ4_NL -> Optional.of(GgufType.IQ4_NL);
      case MXFP4 -> Optional.of(GgufType.MXFP4);
      case NVFP4 -> Optional.of(GgufType.NVFP4);
      default ->
          scheme.format().kind() == NumberFormat.Kind.INT ? integer(scheme) : Optional.empty();
    };
  }

  // A scale is repeated where groups are wider than the type's.
  private static Optional<GgufType> integer(TensorScheme scheme) {
    if (!scheme.isPerChannel() && scheme.groupSize() % GgufType.Q4_0.groupSize() != 0) {
      return Optional.empty();
    }
    int bits = scheme.format().bits();
    if (bits <= 4) {
      return Optional.of(scheme.symmetric() ? GgufType.Q4_0 : GgufType.Q4_1);
    }
    if (bits == 5) {
      return Optional.of(scheme.symmetric() ? GgufType.Q5_0 : GgufType.Q5_1);
    }
    return scheme.symmetric() ? Optional.of(GgufType.Q8_0) : Optional.empty();
  }

  /** Codes of the type that one of the scheme's, counted from 0, is above: 4 for int3 in Q4_0. */
  static int shift(TensorScheme scheme, GgufType type) {
    boolean counted = type.hasMinimum() || scheme.format().kind() != NumberFormat.Kind.INT;
    int bits =
        switch (type) {
          case Q4_0 -> 4;
          case Q5_0 -> 5;
          case Q8_0 -> BYTE;
          default -> 0;
        };
    return counted ? 0 : (1 << bits - 1) - (1 << scheme.format().bits() - 1);
  }

  /** The nearest type for a scheme that no type can store. */
  static String nearest(TensorScheme scheme) {
    return switch (scheme.format().kind()) {
      case INT ->
          scheme.symmetric() || scheme.format().bits() <= 5
              ? scheme.format().jsonName() + " in groups of 32"
              : scheme.format().bits() == 6 ? "q6_k" : "symmetric int8 in groups of 32";
      case FP ->
          scheme.format().bits() == 4
              ? "mxfp4"
              : scheme.format().bits() == 6 ? "q6_k" : "int8 in groups of 32";
      default -> scheme.format().bits() <= 6 ? "q6_k" : "int8 in groups of 32";
    };
  }

  /** The type that llama.cpp falls back to where rows are no whole blocks of a K-quant. */
  static Optional<TensorScheme> fallback(TensorScheme scheme) {
    return switch (scheme.format()) {
      case Q2_K, Q3_K -> Optional.of(integer(scheme, NumberFormat.INT4, true));
      case Q4_K -> Optional.of(integer(scheme, NumberFormat.INT5, true));
      case Q5_K -> Optional.of(integer(scheme, NumberFormat.INT5, false));
      case Q6_K -> Optional.of(integer(scheme, NumberFormat.INT8, true));
      default -> Optional.empty();
    };
  }

  private static TensorScheme integer(TensorScheme scheme, NumberFormat format, boolean symmetric) {
    return new TensorScheme(format, 32, symmetric, scheme.activation());
  }
}
