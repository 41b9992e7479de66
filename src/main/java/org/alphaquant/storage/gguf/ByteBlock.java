package org.alphaquant.storage.gguf;

import java.nio.ByteBuffer;

/** Q8_0: a scale and 32 signed bytes. */
record ByteBlock() implements BlockCodec {

  @Override
  public void encode(BlockCodes codes, int first, ByteBuffer block) {
    block.putShort(Half.of(codes.scaleAt(first)));
    for (int j = 0; j < 32; j++) {
      block.put((byte) (codes.code(first + j) - 128));
    }
  }

  @Override
  public void decode(ByteBuffer block, float[] values, int first) {
    float scale = Half.toFloat(block.getShort());
    for (int j = 0; j < 32; j++) {
      values[first + j] = block.get() * scale;
    }
  }
}
