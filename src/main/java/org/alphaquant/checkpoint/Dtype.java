package org.alphaquant.checkpoint;

import java.util.Arrays;
import java.util.Optional;

/**
 * Element types of the safetensors format. The order of the constants is the format's own: files
 * are written with the last constants first, so that every tensor starts at a multiple of its
 * element size.
 *
 * @see <a href="https://github.com/huggingface/safetensors">safetensors, tensor.rs</a>
 */
public enum Dtype {
  BOOL(8),
  F4(4),
  F6_E2M3(6),
  F6_E3M2(6),
  U8(8),
  I8(8),
  F8_E5M2(8),
  F8_E4M3(8),
  F8_E8M0(8),
  F8_E4M3FNUZ(8),
  F8_E5M2FNUZ(8),
  I16(16),
  U16(16),
  F16(16),
  BF16(16),
  I32(32),
  U32(32),
  F32(32),
  C64(64),
  F64(64),
  I64(64),
  U64(64);

  private final int bits;

  Dtype(int bits) {
    this.bits = bits;
  }

  /** Bits of one element; four and six for the packed sub-byte types. */
  public int bits() {
    return bits;
  }

  static Optional<Dtype> named(String name) {
    return Arrays.stream(values()).filter(dtype -> dtype.name().equals(name)).findFirst();
  }
}
