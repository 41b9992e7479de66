package org.alphaquant.storage.gguf;

import java.nio.ByteBuffer;

/** MXFP4: a power of two as its exponent plus 127, then 32 E2M1 codes. */
record Mxfp4Block() implements BlockCodec {

  @Override
  public void encode(BlockCodes codes, int first, ByteBuffer block) {
    block.put((byte) (Math.getExponent(codes.scaleAt(first)) + 127));
    for (int j = 0; j < 16; j++) {
      block.put((byte) (codes.code(first + j) | codes.code(first + j + 16) << 4));
    }
  }

  @Override
  public void decode(ByteBuffer block, float[] values, int first) {
    float scale = Math.scalb(1f, (block.get() & 0xff) - 127);
    for (int j = 0; j < 16; j++) {
      int pair = block.get();
      values[first + j] = FixedValues.E2M1[pair & 15] * scale;
      values[first + j + 16] = FixedValues.E2M1[pair >> 4 & 15] * scale;
    }
  }
}
