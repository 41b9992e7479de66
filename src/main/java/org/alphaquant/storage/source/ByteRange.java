package org.alphaquant.storage.source;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** A range of bytes that arrive in several slices. */
public final class ByteRange {

  private ByteRange() {}

  /** The part as one buffer, copied only where it spans several slices. */
  public static ByteBuffer joined(List<ByteBuffer> slices, long offset, long length) {
    List<ByteBuffer> parts = of(slices, offset, length);
    if (parts.size() == 1) {
      return parts.get(0);
    }
    ByteBuffer all = ByteBuffer.allocate(Math.toIntExact(length));
    parts.forEach(all::put);
    return all.flip();
  }

  public static List<ByteBuffer> of(List<ByteBuffer> slices, long offset, long length) {
    List<ByteBuffer> part = new ArrayList<>();
    long begin = 0;
    for (ByteBuffer slice : slices) {
      long from = Math.max(offset, begin);
      long to = Math.min(offset + length, begin + slice.remaining());
      if (from < to) {
        int position = slice.position() + (int) (from - begin);
        part.add(slice.slice(position, (int) (to - from)));
      }
      begin += slice.remaining();
    }
    return part;
  }
}
