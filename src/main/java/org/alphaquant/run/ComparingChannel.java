package org.alphaquant.run;

import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** Compares written bytes with expected ones. */
final class ComparingChannel implements WritableByteChannel {

  // A method that is called often is compiled soon; one that compares megabytes is not.
  private static final int CHUNK = 1 << 13;
  private static final int WARMING_BYTES = 1 << 18;
  private static final int WARMING_TIMES = 1000;

  private final Deque<ByteBuffer> expected = new ArrayDeque<>();
  private boolean equal = true;
  private boolean open = true;

  ComparingChannel(List<ByteBuffer> expected) {
    expected.forEach(buffer -> this.expected.add(buffer.duplicate()));
  }

  /**
   * Compares some memory until the machine has compiled it: interpreted, it would take longer than
   * all of a result does then.
   */
  static void warmUp() {
    ByteBuffer bytes = ByteBuffer.allocateDirect(WARMING_BYTES);
    for (int i = 0; i < WARMING_TIMES; i++) {
      try (ComparingChannel channel = new ComparingChannel(List.of(bytes))) {
        channel.write(bytes.duplicate());
      }
    }
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
    int size = Math.min(CHUNK, Math.min(given.remaining(), other.remaining()));
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
