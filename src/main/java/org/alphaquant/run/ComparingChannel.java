package org.alphaquant.run;

import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** Compares written bytes with expected ones. */
final class ComparingChannel implements WritableByteChannel {

  private final Deque<ByteBuffer> expected = new ArrayDeque<>();
  private boolean equal = true;
  private boolean open = true;

  ComparingChannel(List<ByteBuffer> expected) {
    expected.forEach(buffer -> this.expected.add(buffer.duplicate()));
  }

  @Override
  public int write(ByteBuffer given) {
    int count = given.remaining();
    while (equal && given.hasRemaining()) {
      if (isAtEnd()) {
        equal = false;
      } else {
        equal = compare(given, expected.peek());
      }
    }
    given.position(given.limit());
    return count;
  }

  private static boolean compare(ByteBuffer given, ByteBuffer other) {
    int size = Math.min(given.remaining(), other.remaining());
    boolean same = given.slice(given.position(), size).equals(other.slice(other.position(), size));
    given.position(given.position() + size);
    other.position(other.position() + size);
    return same;
  }

  /** Whether nothing given so far differed. */
  boolean isEqualSoFar() {
    return equal;
  }

  /** Whether there is nothing left to compare with. */
  boolean isAtEnd() {
    while (!expected.isEmpty() && !expected.peek().hasRemaining()) {
      expected.remove();
    }
    return expected.isEmpty();
  }

  @Override
  public boolean isOpen() {
    return open;
  }

  @Override
  public void close() {
    open = false;
  }
}
