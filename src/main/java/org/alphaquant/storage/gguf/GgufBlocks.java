package org.alphaquant.storage.gguf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.stream.IntStream;

/** Rows of weights to the bytes of a type and back. */
public final class GgufBlocks {

  // Blocks that one thread takes at a time.
  private static final int CHUNK = 4096;

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
    chunks(elements, type)
        .forEach(
            chunk -> {
              ByteBuffer own = at(bytes, type, chunk);
              int end = Math.min(elements, chunk + CHUNK * type.blockSize());
              for (int first = chunk; first < end; first += type.blockSize()) {
                codec.encode(codes, first, own);
              }
            });
    return bytes;
  }

  /** Weights as the engine reads them, in its own order of float32 operations. */
  public static float[] decode(GgufType type, ByteBuffer stored) {
    ByteBuffer bytes = stored.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    float[] values =
        new float[Math.toIntExact((long) bytes.remaining() / type.blockBytes() * type.blockSize())];
    if (type.isQuantized()) {
      BlockCodec codec = BlockCodec.of(type);
      chunks(values.length, type)
          .forEach(
              chunk -> {
                ByteBuffer own = at(bytes, type, chunk);
                int end = Math.min(values.length, chunk + CHUNK * type.blockSize());
                for (int first = chunk; first < end; first += type.blockSize()) {
                  codec.decode(own, values, first);
                }
              });
    } else {
      for (int i = 0; i < values.length; i++) {
        values[i] = plain(type, bytes);
      }
    }
    return values;
  }

  private static IntStream chunks(int elements, GgufType type) {
    int size = CHUNK * type.blockSize();
    return IntStream.range(0, (elements + size - 1) / size).map(chunk -> chunk * size).parallel();
  }

  // The same bytes, starting at the block of an element, with an independent position.
  private static ByteBuffer at(ByteBuffer bytes, GgufType type, int element) {
    int position = bytes.position() + element / type.blockSize() * type.blockBytes();
    return bytes.duplicate().position(position).order(ByteOrder.LITTLE_ENDIAN);
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
