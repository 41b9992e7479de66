package org.alphaquant.storage.gguf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Rows of weights to the bytes of a type and back. */
public final class GgufBlocks {

  private GgufBlocks() {}

  /**
   * Stores codes as they are.
   *
   * @param codes whole rows; every row is whole blocks of the type
   */
  public static ByteBuffer encode(GgufType type, BlockCodes codes) {
    int elements = codes.codes().length;
    if (codes.groupSize() % type.groupSize() != 0) {
      throw new IllegalArgumentException(
          "groups of %d are no multiple of %s's %d"
              .formatted(codes.groupSize(), type, type.groupSize()));
    }
    ByteBuffer bytes = buffer(type, elements);
    BlockCodec codec = BlockCodec.of(type);
    for (int first = 0; first < elements; first += type.blockSize()) {
      codec.encode(codes, first, bytes);
    }
    return bytes.flip().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Weights as the engine reads them, in its own order of float32 operations. */
  public static float[] decode(GgufType type, ByteBuffer stored) {
    ByteBuffer bytes = stored.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    float[] values =
        new float[Math.toIntExact((long) bytes.remaining() / type.blockBytes() * type.blockSize())];
    if (type.isQuantized()) {
      BlockCodec codec = BlockCodec.of(type);
      for (int first = 0; first < values.length; first += type.blockSize()) {
        codec.decode(bytes, values, first);
      }
    } else {
      for (int i = 0; i < values.length; i++) {
        values[i] = plain(type, bytes);
      }
    }
    return values;
  }

  private static float plain(GgufType type, ByteBuffer bytes) {
    return switch (type) {
      case F32 -> bytes.getFloat();
      case F16 -> Half.toFloat(bytes.getShort());
      case BF16 -> Float.intBitsToFloat(bytes.getShort() << 16);
      default -> throw new IllegalArgumentException(type + " holds no weights");
    };
  }

  private static ByteBuffer buffer(GgufType type, int elements) {
    return ByteBuffer.allocate(Math.toIntExact(type.bytes(elements, elements)))
        .order(ByteOrder.LITTLE_ENDIAN);
  }
}
