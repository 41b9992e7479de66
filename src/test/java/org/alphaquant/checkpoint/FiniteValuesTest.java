package org.alphaquant.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class FiniteValuesTest {

  private static final int COUNT = 70_001;

  /** The last element lies beyond the last whole eight bytes. */
  @ParameterizedTest
  @CsvSource({
    "F64, 7ff0000000000000",
    "F64, fff8000000000001",
    "F32, 7f800000",
    "F32, ffc00000",
    "F32, 7f800001",
    "BF16, 7f80",
    "BF16, ff81",
    "F16, 7c00",
    "F16, fe00",
    "F8_E4M3, 7f",
    "F8_E4M3, ff",
    "F8_E5M2, 7c",
    "F8_E5M2, fe",
    "F8_E8M0, ff"
  })
  void theFirstOtherIsFoundWhereverItStands(Dtype dtype, String other) {
    for (int at : new int[] {0, 1, 2, 3, 4, 5, 6, 7, 4095, 65_536, COUNT - 1}) {
      ByteBuffer bytes = finite(dtype);
      put(bytes, dtype, at, Long.parseUnsignedLong(other, 16));
      put(bytes, dtype, COUNT - 1, Long.parseUnsignedLong(other, 16));
      assertThat(FiniteValues.firstOther(dtype, List.of(bytes))).contains((long) at);
      ByteBuffer none = ByteBuffer.allocate(0);
      int cut = COUNT / 3 * dtype.bits() / Byte.SIZE;
      List<ByteBuffer> slices =
          List.of(bytes.slice(0, cut), none, bytes.slice(cut, bytes.remaining() - cut));
      assertThat(FiniteValues.firstOther(dtype, slices)).contains((long) at);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F64", "F32", "BF16", "F16", "F8_E4M3", "F8_E5M2", "F8_E8M0"})
  void everyFiniteNumberPasses(Dtype dtype) {
    assertThat(FiniteValues.firstOther(dtype, List.of(finite(dtype)))).isEmpty();
  }

  @Test
  void integersAreNumbersWhateverTheirBits() {
    ByteBuffer ones = ByteBuffer.allocate(64);
    for (int i = 0; i < ones.capacity(); i++) {
      ones.put(i, (byte) -1);
    }
    assertThat(FiniteValues.firstOther(Dtype.I32, List.of(ones))).isEmpty();
    assertThat(FiniteValues.firstOther(Dtype.U8, List.of(ones))).isEmpty();
  }

  // Random bits, among them the largest numbers there are.
  private static ByteBuffer finite(Dtype dtype) {
    int width = dtype.bits() / Byte.SIZE;
    ByteBuffer bytes = ByteBuffer.allocate(COUNT * width).order(ByteOrder.LITTLE_ENDIAN);
    Random random = new Random(7);
    for (int i = 0; i < COUNT; i++) {
      long bits = random.nextLong();
      long exponent = exponent(dtype);
      if ((bits & exponent) == exponent) {
        bits &= ~(exponent & -exponent);
      }
      put(bytes, dtype, i, bits);
    }
    return bytes;
  }

  private static long exponent(Dtype dtype) {
    return switch (dtype) {
      case F64 -> 0x7ffL << 52;
      case F32 -> 0xffL << 23;
      case BF16 -> 0xffL << 7;
      case F16 -> 31L << 10;
      case F8_E4M3 -> 127;
      case F8_E5M2 -> 31L << 2;
      default -> 255;
    };
  }

  private static void put(ByteBuffer bytes, Dtype dtype, int index, long bits) {
    int width = dtype.bits() / Byte.SIZE;
    for (int i = 0; i < width; i++) {
      bytes.put(index * width + i, (byte) (bits >>> i * Byte.SIZE));
    }
  }
}
