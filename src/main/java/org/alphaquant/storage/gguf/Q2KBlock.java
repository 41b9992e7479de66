package org.alphaquant.storage.gguf;

import java.nio.ByteBuffer;

/** Q2_K: 16 groups of 16, scale and minimum of each in one byte; codes in two bits. */
record Q2KBlock() implements BlockCodec {

  @Override
  public void encode(BlockCodes codes, int first, ByteBuffer block) {
    SuperBlock levels = SuperBlock.of(codes, first, 16, true);
    for (int g = 0; g < 16; g++) {
      block.put((byte) (levels.scales()[g] | levels.minima()[g] << 4));
    }
    TwoBits.encode(codes, first, block);
    block.putShort(Half.of(levels.d())).putShort(Half.of(levels.dmin()));
  }

  @Override
  public void decode(ByteBuffer block, float[] values, int first) {
    byte[] scales = new byte[16];
    block.get(scales);
    int[] codes = TwoBits.decode(block);
    float d = Half.toFloat(block.getShort());
    float dmin = Half.toFloat(block.getShort());
    for (int j = 0; j < 256; j++) {
      int pair = scales[j / 16];
      values[first + j] = d * (pair & 15) * codes[j] - dmin * (pair >> 4 & 15);
    }
  }
}
