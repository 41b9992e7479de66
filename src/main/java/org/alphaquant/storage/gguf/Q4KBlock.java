package org.alphaquant.storage.gguf;

import java.nio.ByteBuffer;

/**
 * Q4_K and Q5_K: 8 groups of 32, scales and minima of six bits.
 *
 * @param fifthBit whether codes have one, as Q5_K's
 */
record Q4KBlock(boolean fifthBit) implements BlockCodec {

  @Override
  public void encode(BlockCodes codes, int first, ByteBuffer block) {
    SuperBlock levels = SuperBlock.of(codes, first, 32, true);
    block.putShort(Half.of(levels.d())).putShort(Half.of(levels.dmin()));
    int[] scales = levels.scales();
    int[] minima = levels.minima();
    for (int j = 0; j < 4; j++) {
      block.put((byte) (scales[j] | scales[j + 4] >> 4 << 6));
    }
    for (int j = 0; j < 4; j++) {
      block.put((byte) (minima[j] | minima[j + 4] >> 4 << 6));
    }
    for (int j = 4; j < 8; j++) {
      block.put((byte) (scales[j] & 15 | (minima[j] & 15) << 4));
    }
    if (fifthBit) {
      fifthBits(codes, first, block);
    }
    for (int pair = 0; pair < 4; pair++) {
      for (int l = 0; l < 32; l++) {
        int low = codes.code(first + 64 * pair + l) & 15;
        int high = codes.code(first + 64 * pair + 32 + l) & 15;
        block.put((byte) (low | high << 4));
      }
    }
  }

  private static void fifthBits(BlockCodes codes, int first, ByteBuffer block) {
    for (int l = 0; l < 32; l++) {
      int bits = 0;
      for (int g = 0; g < 8; g++) {
        bits |= (codes.code(first + 32 * g + l) >> 4) << g;
      }
      block.put((byte) bits);
    }
  }

  @Override
  public void decode(ByteBuffer block, float[] values, int first) {
    float d = Half.toFloat(block.getShort());
    float dmin = Half.toFloat(block.getShort());
    byte[] packed = new byte[12];
    block.get(packed);
    byte[] high = new byte[32];
    if (fifthBit) {
      block.get(high);
    }
    byte[] nibbles = new byte[128];
    block.get(nibbles);
    for (int g = 0; g < 8; g++) {
      float scale = d * scale(packed, g);
      float offset = dmin * minimum(packed, g);
      for (int l = 0; l < 32; l++) {
        int code = nibbles[32 * (g / 2) + l] >> 4 * (g % 2) & 15 | (high[l] >> g & 1) << 4;
        values[first + 32 * g + l] = scale * code - offset;
      }
    }
  }

  private static int scale(byte[] packed, int g) {
    return g < 4 ? packed[g] & 63 : packed[4 + g] & 15 | (packed[g - 4] >> 6 & 3) << 4;
  }

  private static int minimum(byte[] packed, int g) {
    return g < 4 ? packed[4 + g] & 63 : packed[4 + g] >> 4 & 15 | (packed[g] >> 6 & 3) << 4;
  }
}
