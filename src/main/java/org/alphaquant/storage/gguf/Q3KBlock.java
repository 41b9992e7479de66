package org.alphaquant.storage.gguf;

import java.nio.ByteBuffer;

/** Q3_K: 16 groups of 16 with six-bit scales; third bits of the codes first, then the low two. */
record Q3KBlock() implements BlockCodec {

  @Override
  public void encode(BlockCodes codes, int first, ByteBuffer block) {
    SuperBlock levels = SuperBlock.of(codes, first, 16, false);
    for (int l = 0; l < 32; l++) {
      int bits = 0;
      for (int k = 0; k < 8; k++) {
        bits |= (codes.code(first + 32 * k + l) >> 2) << k;
      }
      block.put((byte) bits);
    }
    TwoBits.encode(codes, first, block);
    for (int j = 0; j < 8; j++) {
      block.put((byte) (stored(levels, j) & 15 | (stored(levels, j + 8) & 15) << 4));
    }
    for (int i = 0; i < 4; i++) {
      int bits = 0;
      for (int k = 0; k < 4; k++) {
        bits |= (stored(levels, 4 * k + i) >> 4) << 2 * k;
      }
      block.put((byte) bits);
    }
    block.putShort(Half.of(levels.d()));
  }

  private static int stored(SuperBlock levels, int group) {
    return levels.scales()[group] + 32;
  }

  @Override
  public void decode(ByteBuffer block, float[] values, int first) {
    byte[] high = new byte[32];
    block.get(high);
    int[] low = TwoBits.decode(block);
    byte[] packed = new byte[12];
    block.get(packed);
    float d = Half.toFloat(block.getShort());
    for (int j = 0; j < 256; j++) {
      int code = low[j] - ((high[j % 32] >> j / 32 & 1) == 0 ? 4 : 0);
      values[first + j] = d * scale(packed, j / 16) * code;
    }
  }

  private static int scale(byte[] packed, int group) {
    int low = packed[group % 8] >> (group < 8 ? 0 : 4) & 15;
    return (low | (packed[8 + group % 4] >> 2 * (group / 4) & 3) << 4) - 32;
  }
}
