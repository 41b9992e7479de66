package org.alphaquant.storage.gguf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;

/** Converts floats of one plain type to another while writing. */
final class ConvertedFloats implements WritableByteChannel {

  private static final int BUFFER = 1 << 16;

  private final WritableByteChannel target;
  private final String name;
  private final GgufType from;
  private final GgufType to;
  private final ByteBuffer in = ByteBuffer.allocate(BUFFER).order(ByteOrder.LITTLE_ENDIAN);
  private final ByteBuffer out = ByteBuffer.allocate(2 * BUFFER).order(ByteOrder.LITTLE_ENDIAN);

  /**
   * @param name of the tensor, for messages
   */
  ConvertedFloats(WritableByteChannel target, String name, GgufType from, GgufType to) {
    this.target = target;
    this.name = name;
    this.from = from;
    this.to = to;
  }

  @Override
  public int write(ByteBuffer bytes) throws IOException {
    int count = bytes.remaining();
    while (bytes.hasRemaining()) {
      int chunk = Math.min(bytes.remaining(), in.remaining());
      in.put(bytes.slice(bytes.position(), chunk));
      bytes.position(bytes.position() + chunk);
      if (!in.hasRemaining()) {
        flush();
      }
    }
    return count;
  }

  /** Converts complete elements; the bytes of an incomplete one are kept for the next call. */
  void flush() throws IOException {
    in.flip();
    while (in.remaining() >= from.blockBytes()) {
      put(read(), out);
    }
    in.compact();
    target.write(out.flip());
    out.clear();
  }

  private float read() {
    return switch (from) {
      case F16 -> Half.toFloat(in.getShort());
      case BF16 -> Float.intBitsToFloat(in.getShort() << 16);
      default -> in.getFloat();
    };
  }

  private void put(float value, ByteBuffer bytes) {
    switch (to) {
      case F16 -> bytes.putShort(half(value));
      case BF16 -> bytes.putShort(brain(value));
      default -> bytes.putFloat(value);
    }
  }

  private short half(float value) {
    short half = Half.of(value);
    if (Math.abs(value) < Float.POSITIVE_INFINITY && (half & 0x7fff) == 0x7c00) {
      throw new GgufException(
          name, "holds " + value + ", beyond the 65504 of F16; BF16 and F32 hold it");
    }
    return half;
  }

  // Round to nearest, ties to even.
  private static short brain(float value) {
    if (Float.isNaN(value)) {
      return 0x7fc0;
    }
    int bits = Float.floatToRawIntBits(value);
    return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
  }

  @Override
  public boolean isOpen() {
    return target.isOpen();
  }

  @Override
  public void close() throws IOException {
    flush();
  }
}
