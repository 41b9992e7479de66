package org.alphaquant.storage.gguf;

import java.nio.ByteBuffer;
import java.util.function.IntToDoubleFunction;

/**
 * Q4_0, Q4_1, Q5_0, Q5_1 and IQ4_NL: scale, perhaps minimum, perhaps the fifth bits in one word,
 * then bytes whose low nibble is a code of the first half and whose high one of the second.
 *
 * @param value of a code, before scale
 */
record NibbleBlock(int size, boolean minimum, boolean fifthBit, IntToDoubleFunction value)
    implements BlockCodec {

  @Override
  public void encode(BlockCodes codes, int first, ByteBuffer block) {
    block.putShort(Half.of(codes.scaleAt(first)));
    if (minimum) {
      block.putShort(Half.of(codes.minimumAt(first)));
    }
    if (fifthBit) {
      int high = 0;
      for (int j = 0; j < size; j++) {
        high |= (codes.code(first + j) >> 4) << j;
      }
      block.putInt(high);
    }
    for (int j = 0; j < size / 2; j++) {
      int low = codes.code(first + j) & 15;
      int second = codes.code(first + j + size / 2) & 15;
      block.put((byte) (low | second << 4));
    }
  }

  @Override
  public void decode(ByteBuffer block, float[] values, int first) {
    float scale = Half.toFloat(block.getShort());
    float offset = minimum ? Half.toFloat(block.getShort()) : 0;
    int high = fifthBit ? block.getInt() : 0;
    for (int j = 0; j < size / 2; j++) {
      int pair = block.get();
      int low = pair & 15 | (high >>> j & 1) << 4;
      int second = pair >> 4 & 15 | (high >>> j + size / 2 & 1) << 4;
      values[first + j] = scaled(low, scale, offset);
      values[first + j + size / 2] = scaled(second, scale, offset);
    }
  }

  private float scaled(int code, float scale, float offset) {
    float product = (float) value.applyAsDouble(code) * scale;
    return minimum ? product + offset : product;
  }
}
