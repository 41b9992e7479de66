package org.alphaquant.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Detects infinities and not-a-number in stored numbers: words whose exponent bits are all ones
 * (IEEE 754; OCP 8-bit floating point, where E4M3 has them only with an all-ones mantissa; OCP MX's
 * exponents, which have no sign). Eight bytes are checked in one step, so that a file is read about
 * as fast as memory gives it.
 */
public final class FiniteValues {

  /** Bits that are all ones in a number that is not finite, within an element. */
  private static final Map<Dtype, Long> ALL_ONES =
      Map.of(
          Dtype.F64, 0x7ff0_0000_0000_0000L,
          Dtype.F32, 0x7f80_0000L,
          Dtype.BF16, 0x7f80L,
          Dtype.F16, 0x7c00L,
          Dtype.F8_E5M2, 0x7cL,
          Dtype.F8_E4M3, 0x7fL,
          Dtype.F8_E8M0, 0xffL);

  private static final int CHUNK = 1 << 13;

  private FiniteValues() {}

  /** Whether elements of that type can be infinite or no number, and are checked here. */
  public static boolean looksAt(Dtype dtype) {
    return ALL_ONES.containsKey(dtype);
  }

  /**
   * Where the first number is that is not finite.
   *
   * @param slices the elements' bytes in order, little-endian; no element spans two slices
   * @return its index in C order; empty where all are finite or the type is not checked
   */
  public static Optional<Long> firstOther(Dtype dtype, List<ByteBuffer> slices) {
    if (!looksAt(dtype)) {
      return Optional.empty();
    }
    int width = dtype.bits() / Byte.SIZE;
    long before = 0;
    for (ByteBuffer slice : slices) {
      int found = firstOther(ALL_ONES.get(dtype), width, slice);
      if (found >= 0) {
        return Optional.of((before + found) / width);
      }
      before += slice.remaining();
    }
    return Optional.empty();
  }

  private static int firstOther(long ones, int width, ByteBuffer slice) {
    ByteBuffer bytes = slice.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    long[] words = new long[CHUNK];
    int start = bytes.position();
    boolean signed = ones != ALL_ONES.get(Dtype.F8_E8M0);
    while (signed && bytes.remaining() >= Long.BYTES) {
      int count = Math.min(CHUNK, bytes.remaining() / Long.BYTES);
      bytes.asLongBuffer().get(words, 0, count);
      if (anyOther(words, count, spread(ones, width), spread(ones & -ones, width))) {
        return scanned(ones, width, bytes) - start;
      }
      bytes.position(bytes.position() + count * Long.BYTES);
    }
    int rest = scanned(ones, width, bytes);
    return rest < 0 ? rest : rest - start;
  }

  // Adding the lowest of the bits carries into the sign's place where all of them are ones.
  private static boolean anyOther(long[] words, int count, long ones, long lowest) {
    long carried = 0;
    for (int i = 0; i < count; i++) {
      carried |= (words[i] & ones) + lowest;
    }
    return (carried & ones + lowest) != 0;
  }

  private static int scanned(long ones, int width, ByteBuffer bytes) {
    for (int at = bytes.position(); at + width <= bytes.limit(); at += width) {
      if ((element(bytes, at, width) & ones) == ones) {
        return at;
      }
    }
    return -1;
  }

  private static long element(ByteBuffer bytes, int at, int width) {
    return switch (width) {
      case 1 -> bytes.get(at);
      case Short.BYTES -> bytes.getShort(at);
      case Integer.BYTES -> bytes.getInt(at);
      default -> bytes.getLong(at);
    };
  }

  private static long spread(long element, int width) {
    long all = 0;
    for (int shift = 0; shift < Long.SIZE; shift += width * Byte.SIZE) {
      all |= element << shift;
    }
    return all;
  }
}
