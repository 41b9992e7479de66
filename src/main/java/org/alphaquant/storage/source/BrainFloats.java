package org.alphaquant.storage.source;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;

/** Writes floats as BF16, a buffer at a time. */
public final class BrainFloats {

  private static final int BUFFER = 1 << 16;

  private final WritableByteChannel channel;
  private final ByteBuffer out = ByteBuffer.allocate(BUFFER).order(ByteOrder.LITTLE_ENDIAN);

  public BrainFloats(WritableByteChannel channel) {
    this.channel = channel;
  }

  public void write(float value) throws IOException {
    out.putShort(rounded(value));
    if (!out.hasRemaining()) {
      flush();
    }
  }

  public void flush() throws IOException {
    out.flip();
    while (out.hasRemaining()) {
      channel.write(out);
    }
    out.clear();
  }

  // Round to nearest, ties to even.
  private static short rounded(float value) {
    if (Float.isNaN(value)) {
      return 0x7fc0;
    }
    int bits = Float.floatToRawIntBits(value);
    return (short) ((bits + 0x7fff + (bits >>> 16 & 1)) >>> 16);
  }
}
