package org.alphaquant.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import java.util.function.Supplier;

record SliceSource(TensorInfo info, Supplier<List<ByteBuffer>> slices) implements TensorSource {

  @Override
  public void writeTo(WritableByteChannel channel) throws IOException {
    for (ByteBuffer slice : slices.get()) {
      channel.write(slice.duplicate());
    }
  }
}
