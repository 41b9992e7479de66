package org.alphaquant.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;

/** A tensor that is the concatenation of its pieces. */
record JoinedSource(TensorInfo info, List<TensorSource> pieces) implements TensorSource {

  static JoinedSource of(PlannedTensor planned, List<TensorSource> pieces) {
    Dtype dtype = pieces.get(0).info().dtype();
    boolean named = dtype.name().equals(planned.tensor().dtype());
    // A type that safetensors has no name for is a row of bytes to it.
    TensorInfo info =
        named
            ? new TensorInfo(planned.name(), dtype, planned.tensor().shape())
            : new TensorInfo(planned.name(), Dtype.U8, List.of(planned.tensor().bytes()));
    return new JoinedSource(info, List.copyOf(pieces));
  }

  @Override
  public void writeTo(WritableByteChannel channel) throws IOException {
    for (TensorSource piece : pieces) {
      piece.writeTo(channel);
    }
  }

  /** The slices of {@code stored} that hold a piece. */
  static List<ByteBuffer> piece(int piece, long[] sizes, List<ByteBuffer> stored) {
    long skip = Arrays.stream(sizes, 0, piece).sum();
    long left = sizes[piece];
    List<ByteBuffer> slices = new ArrayList<>();
    for (ByteBuffer part : stored) {
      long from = Math.min(skip, part.remaining());
      long count = Math.min(left, part.remaining() - from);
      if (count > 0) {
        slices.add(part.slice(part.position() + (int) from, (int) count));
      }
      skip -= from;
      left -= count;
    }
    return slices;
  }
}
