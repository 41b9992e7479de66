package org.alphaquant.format;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.alphaquant.torch.TorchDtype;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PackingKernelTest {

  private static Torch torch;

  @BeforeAll
  static void open() {
    torch = Torch.open("cpu");
  }

  @AfterAll
  static void close() {
    torch.close();
  }

  // Words that compressed-tensors 0.18 packs from the codes 0, 1, 2, … modulo 2^bits.
  @ParameterizedTest
  @CsvSource({
    "4, 8, 76543210",
    "2, 16, e4e4e4e4",
    "3, 32, 88fac688 c688fac6 fac688fa",
    "5, 32, 8a418820 c5a92839 ca307b9a 38bdab49 ffbbcdeb",
    "8, 4, 03020100"
  })
  void codesBecomeTheWordsOfTheReference(int bits, int count, String words) {
    assertThat(pack(bits, count, i -> i % (1 << bits), 4)).isEqualTo(words);
  }

  @Test
  void aRowThatDoesNotFillItsLastWordIsPaddedWithZeros() {
    int[] codes = {9, 10, 11, 12, 13, 14, 15, 0, 7, 8};
    assertThat(pack(4, 10, i -> codes[i], 4)).isEqualTo("0fedcba9 00000087");
  }

  @Test
  void fourSixBitCodesTakeThreeBytes() {
    try (TensorScope scope = torch.scope("test")) {
      ByteBuffer bytes =
          scope.toBytes(scope.run("packing.pack", codes(scope, 4, i -> i + 1), 6, 1));
      assertThat(bytes.remaining()).isEqualTo(3);
      assertThat(new int[] {bytes.get(0) & 255, bytes.get(1) & 255, bytes.get(2) & 255})
          .containsExactly(0x81, 0x30, 0x10);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 5, 6, 7, 8})
  void unpackingGivesTheCodesBack(int bits) {
    Random random = new Random(bits);
    int[] codes = random.ints(53, 0, 1 << bits).toArray();
    try (TensorScope scope = torch.scope("test")) {
      NDArray packed = scope.run("packing.words", codes(scope, 53, i -> codes[i]), bits);
      long[] unpacked = scope.toLongs(scope.run("packing.unpack", packed, bits, 53));
      assertThat(unpacked).containsExactly(IntStream.of(codes).asLongStream().toArray());
    }
  }

  private static String pack(int bits, int count, IntUnaryOperator code, int align) {
    try (TensorScope scope = torch.scope("test")) {
      ByteBuffer bytes =
          scope.toBytes(scope.run("packing.pack", codes(scope, count, code), bits, align));
      return IntStream.range(0, bytes.remaining() / 4)
          .mapToObj(i -> "%08x".formatted(bytes.getInt(4 * i)))
          .collect(Collectors.joining(" "));
    }
  }

  private static NDArray codes(TensorScope scope, int count, IntUnaryOperator code) {
    long[] values = IntStream.range(0, count).map(code).asLongStream().toArray();
    return scope.run("tensor.to_dtype", scope.longs(values, 1, count), TorchDtype.UINT8.number());
  }
}
