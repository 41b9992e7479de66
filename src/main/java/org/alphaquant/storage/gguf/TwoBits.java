package org.alphaquant.storage.gguf;

import java.nio.ByteBuffer;

/** The low two bits of 256 codes: value 128h + 32k + l is bits 2k and 2k+1 of byte 32h + l. */
final class TwoBits {

  private TwoBits() {}

  static void encode(BlockCodes codes, int first, ByteBuffer block) {
    for (int h = 0; h < 2; h++) {
      for (int l = 0; l < 32; l++) {
        int bits = 0;
        for (int k = 0; k < 4; k++) {
          bits |= (codes.code(first + 128 * h + 32 * k + l) & 3) << 2 * k;
        }
        block.put((byte) bits);
      }
    }
  }

  static int[] decode(ByteBuffer block) {
    int[] codes = new int[256];
    for (int h = 0; h < 2; h++) {
      for (int l = 0; l < 32; l++) {
        int bits = block.get();
        for (int k = 0; k < 4; k++) {
          codes[128 * h + 32 * k + l] = bits >> 2 * k & 3;
        }
      }
    }
    return codes;
  }
}
