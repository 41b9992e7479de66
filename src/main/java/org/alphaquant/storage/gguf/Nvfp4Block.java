package org.alphaquant.storage.gguf;

import java.nio.ByteBuffer;

/** NVFP4: the E4M3 scales of four groups of 16, then each group's E2M1 codes. */
record Nvfp4Block() implements BlockCodec {

  @Override
  public void encode(BlockCodes codes, int first, ByteBuffer block) {
    for (int group = 0; group < 4; group++) {
      block.put((byte) FixedValues.e4m3Code(codes.scaleAt(first + 16 * group)));
    }
    for (int group = 0; group < 4; group++) {
      int from = first + 16 * group;
      for (int j = 0; j < 8; j++) {
        block.put((byte) (codes.code(from + j) | codes.code(from + j + 8) << 4));
      }
    }
  }

  @Override
  public void decode(ByteBuffer block, float[] values, int first) {
    byte[] scales = new byte[4];
    block.get(scales);
    for (int group = 0; group < 4; group++) {
      float scale = FixedValues.e4m3(scales[group] & 0x7f);
      int from = first + 16 * group;
      for (int j = 0; j < 8; j++) {
        int pair = block.get();
        values[from + j] = FixedValues.E2M1[pair & 15] * scale;
        values[from + j + 8] = FixedValues.E2M1[pair >> 4 & 15] * scale;
      }
    }
  }
}
