package org.alphaquant.torch;

import java.util.Locale;

/** Element types by libtorch's own numbers ({@code c10/core/ScalarType.h}), with their width. */
public enum TorchDtype {
  UINT8(0, 1),
  INT8(1, 1),
  INT16(2, 2),
  INT32(3, 4),
  INT64(4, 8),
  FLOAT16(5, 2),
  FLOAT32(6, 4),
  FLOAT64(7, 8),
  BOOL(11, 1),
  BFLOAT16(15, 2),
  FLOAT8_E5M2(23, 1),
  FLOAT8_E4M3(24, 1);

  private final int number;
  private final int bytes;

  TorchDtype(int number, int bytes) {
    this.number = number;
    this.bytes = bytes;
  }

  /** The number a script names the type by. */
  public int number() {
    return number;
  }

  /** The name PyTorch has for the type, without {@code torch.}. */
  String pythonName() {
    return switch (this) {
      case FLOAT8_E5M2 -> "float8_e5m2";
      case FLOAT8_E4M3 -> "float8_e4m3fn";
      default -> name().toLowerCase(Locale.ROOT);
    };
  }

  /** Width of one element. */
  public int bytes() {
    return bytes;
  }
}
