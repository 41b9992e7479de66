package org.alphaquant.cuda;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Memory of the host for copies from a device, given back all at once. For one thread at a time.
 */
public final class HostMemory implements AutoCloseable {

  static final int PART = 64 << 20;
  private static final int ALIGNMENT = 64;

  private final LockedMemory locked;
  private final List<LockedMemory.Part> parts = new ArrayList<>();
  private ByteBuffer rest = ByteBuffer.allocateDirect(0);

  HostMemory(LockedMemory locked) {
    this.locked = locked;
  }

  /** A direct buffer of so many bytes, of any content, until this memory is closed. */
  public ByteBuffer allocate(int bytes) {
    int size = Math.addExact(bytes, ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (size > rest.remaining()) {
      LockedMemory.Part part = locked.take(Math.max(size, PART));
      parts.add(part);
      rest = part.buffer();
    }
    ByteBuffer own = rest.slice(rest.position(), bytes);
    rest.position(rest.position() + size);
    return own;
  }

  @Override
  public void close() {
    parts.forEach(locked::giveBack);
    parts.clear();
    rest = ByteBuffer.allocateDirect(0);
  }
}
