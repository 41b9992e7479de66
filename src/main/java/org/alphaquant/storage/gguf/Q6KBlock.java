package org.alphaquant.storage.gguf;

import java.nio.ByteBuffer;

/** Q6_K: 16 groups of 16 with signed byte scales; low nibbles, then high pairs of bits. */
record Q6KBlock() implements BlockCodec {

  @Override
  public void encode(BlockCodes codes, int first, ByteBuffer block) {
    SuperBlock levels = SuperBlock.of(codes, first, 16, false);
    for (int h = 0; h < 2; h++) {
      for (int l = 0; l < 64; l++) {
        int low = codes.code(first + 128 * h + l) & 15;
        int high = codes.code(first + 128 * h + 64 + l) & 15;
        block.put((byte) (low | high << 4));
      }
    }
    for (int h = 0; h < 2; h++) {
      for (int l = 0; l < 32; l++) {
        int bits = 0;
        for (int k = 0; k < 4; k++) {
          bits |= (codes.code(first + 128 * h + 32 * k + l) >> 4) << 2 * k;
        }
        block.put((byte) bits);
      }
    }
    for (int scale : levels.scales()) {
      block.put((byte) scale);
    }
    block.putShort(Half.of(levels.d()));
  }

  @Override
  public void decode(ByteBuffer block, float[] values, int first) {
    byte[] low = new byte[128];
    byte[] high = new byte[64];
    byte[] scales = new byte[16];
    block.get(low).get(high).get(scales);
    float d = Half.toFloat(block.getShort());
    for (int j = 0; j < 256; j++) {
      int h = j / 128;
      int k = j % 128 / 32;
      int nibble = low[64 * h + j % 64] >> 4 * (k / 2) & 15;
      int code = nibble | (high[32 * h + j % 32] >> 2 * k & 3) << 4;
      values[first + j] = d * scales[j / 16] * (code - 32);
    }
  }
}
