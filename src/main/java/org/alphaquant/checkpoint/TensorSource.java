package org.alphaquant.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import java.util.function.Supplier;

/** A tensor that produces its bytes only when it is written. */
public interface TensorSource {

  TensorInfo info();

  /** Writes exactly {@code info().bytes()} bytes, little-endian, row-major. */
  void writeTo(WritableByteChannel channel) throws IOException;

  /** A tensor whose bytes are in memory already. */
  static TensorSource of(TensorInfo info, ByteBuffer bytes) {
    return lazy(info, () -> List.of(bytes));
  }

  /** A tensor whose bytes are produced when it is written, and not kept. */
  static TensorSource lazy(TensorInfo info, Supplier<List<ByteBuffer>> slices) {
    return new SliceSource(info, slices);
  }

  /** The same bytes under another name. */
  default TensorSource renamed(String name) {
    TensorSource original = this;
    return new TensorSource() {
      @Override
      public TensorInfo info() {
        return original.info().renamed(name);
      }

      @Override
      public void writeTo(WritableByteChannel channel) throws IOException {
        original.writeTo(channel);
      }
    };
  }
}
