package org.alphaquant.storage.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.stream.Stream;
import org.alphaquant.llamacpp.Engine;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GgufBlocksTest {

  private static final Optional<Engine> ENGINE = Engine.start();
  private static final int ELEMENTS = 64 * 256;

  @AfterAll
  static void end() {
    ENGINE.ifPresent(Engine::close);
  }

  static Stream<GgufType> quantized() {
    return Arrays.stream(GgufType.values()).filter(GgufType::isQuantized);
  }

  @ParameterizedTest
  @MethodSource("quantized")
  void theEngineReadsExactlyTheCodesThatWereStored(GgufType type) {
    Assumptions.assumeTrue(ENGINE.isPresent());
    ByteBuffer stored = GgufBlocks.encode(type, MadeCodes.of(type, ELEMENTS, 1));
    float[] read = ENGINE.get().dequantize(Dequantized.functionOf(type), stored, ELEMENTS);
    assertThat(GgufBlocks.decode(type, stored)).isEqualTo(read);
  }

  @ParameterizedTest
  @MethodSource("quantized")
  void whatWasStoredIsCodesTimesScales(GgufType type) {
    BlockCodes codes = MadeCodes.of(type, ELEMENTS, 2);
    float[] read = GgufBlocks.decode(type, GgufBlocks.encode(type, codes));
    float[] expected = new float[ELEMENTS];
    for (int i = 0; i < ELEMENTS; i++) {
      float product = value(type, codes.code(i)) * codes.scaleAt(i);
      expected[i] = type.hasMinimum() ? product + codes.minimumAt(i) : product;
    }
    assertThat(read).isEqualTo(expected);
  }

  private static float value(GgufType type, int code) {
    return switch (type) {
      case Q4_0 -> code - 8;
      case Q5_0 -> code - 16;
      case Q8_0 -> code - 128;
      case Q3_K -> code - 4;
      case Q6_K -> code - 32;
      case IQ4_NL -> FixedValues.IQ4_NL[code];
      case MXFP4, NVFP4 -> FixedValues.E2M1[code];
      default -> code;
    };
  }

  @Test
  void q4_0PutsTheSecondHalfInHighNibbles() {
    byte[] codes = new byte[32];
    for (int i = 0; i < 32; i++) {
      codes[i] = (byte) (i % 16);
    }
    codes[16] = 9;
    BlockCodes block = new BlockCodes(codes, new float[] {0.5f}, new float[0], new float[0], 32);
    assertThat(HexFormat.of().formatHex(GgufBlocks.encode(GgufType.Q4_0, block).array()))
        .isEqualTo("0038" + "90112233445566778899aabbccddeeff");
  }

  @Test
  void widerGroupsRepeatTheirScale() {
    BlockCodes wide =
        new BlockCodes(new byte[128], new float[] {0.25f}, new float[0], new float[0], 128);
    assertThat(GgufBlocks.decode(GgufType.Q4_0, GgufBlocks.encode(GgufType.Q4_0, wide)))
        .hasSize(128)
        .containsOnly(-2f);
  }

  @Test
  void narrowerGroupsAreRefused() {
    BlockCodes narrow = new BlockCodes(new byte[32], new float[2], new float[0], new float[0], 16);
    assertThatThrownBy(() -> GgufBlocks.encode(GgufType.Q4_0, narrow))
        .hasMessage("groups of 16 are no multiple of Q4_0's 32");
  }

  @Test
  void halvesRoundToNearestEven() {
    for (int half = 0; half < 0x7c00; half++) {
      float value = Half.toFloat((short) half);
      float next = Half.toFloat((short) (half + 1));
      assertThat(Half.of(value)).isEqualTo((short) half);
      if (half < 0x7bff) {
        float middle = (value + next) / 2;
        assertThat(Half.of(middle)).isEqualTo((short) (half + (half & 1)));
        assertThat(Half.of(Math.nextUp(middle))).isEqualTo((short) (half + 1));
        assertThat(Half.of(Math.nextDown(middle))).isEqualTo((short) half);
      }
    }
    assertThat(Half.of(65519f)).isEqualTo((short) 0x7bff);
    assertThat(Half.of(65520f)).isEqualTo((short) 0x7c00);
    assertThat(Half.of(-1.5f)).isEqualTo((short) 0xbe00);
  }
}
