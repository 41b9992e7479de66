package org.alphaquant.storage.gguf;

import java.nio.ByteBuffer;

/** The bytes of one type's blocks. Buffers are little-endian and advance by a block. */
interface BlockCodec {

  /** Writes the block that begins at element {@code first}. */
  void encode(BlockCodes codes, int first, ByteBuffer block);

  /** Reads a block into {@code values} from {@code first} on, in the engine's own arithmetic. */
  void decode(ByteBuffer block, float[] values, int first);

  static BlockCodec of(GgufType type) {
    return switch (type) {
      case Q4_0 -> new NibbleBlock(32, false, false, code -> code - 8);
      case Q4_1 -> new NibbleBlock(32, true, false, code -> code);
      case Q5_0 -> new NibbleBlock(32, false, true, code -> code - 16);
      case Q5_1 -> new NibbleBlock(32, true, true, code -> code);
      case IQ4_NL -> new NibbleBlock(32, false, false, code -> FixedValues.IQ4_NL[code]);
      case Q8_0 -> new ByteBlock();
      case MXFP4 -> new Mxfp4Block();
      case NVFP4 -> new Nvfp4Block();
      case Q2_K -> new Q2KBlock();
      case Q3_K -> new Q3KBlock();
      case Q4_K -> new Q4KBlock(false);
      case Q5_K -> new Q4KBlock(true);
      case Q6_K -> new Q6KBlock();
      case F32, F16, BF16, I32 -> throw new IllegalArgumentException(type + " has no codes");
    };
  }
}
