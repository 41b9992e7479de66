package org.alphaquant.request;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Lets long work on a request end when its client has closed the connection. The work calls {@link
 * #require} in its loops; it need not know what kind of connection that is. Bound to a thread: work
 * that no client waits for, a job's run for example, is never ended by it.
 */
public final class ClientPresence {
  private static final long EVERY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long FIRST_NANOS = TimeUnit.MILLISECONDS.toNanos(250);
  private static final ThreadLocal<ClientPresence> CURRENT = new ThreadLocal<>();

  private final BooleanSupplier gone;
  private long lookAt = System.nanoTime() + FIRST_NANOS;

  private ClientPresence(BooleanSupplier gone) {
    this.gone = gone;
  }

  /** Work that may fail with one exception of its own, beside those of input and output. */
  @FunctionalInterface
  public interface Work<E extends Exception> {
    void run() throws E, IOException;
  }

  /**
   * Runs work on this thread for a client.
   *
   * @param gone whether the client has closed its connection; called on this thread alone
   */
  public static <E extends Exception> void during(BooleanSupplier gone, Work<E> work)
      throws E, IOException {
    ClientPresence outer = CURRENT.get();
    CURRENT.set(new ClientPresence(gone));
    try {
      work.run();
    } finally {
      CURRENT.set(outer);
    }
  }

  /**
   * Looks at the connection ten times a second at most, and first after a quarter of a second, so
   * that a loop can call this every time and short work costs nothing.
   *
   * @throws ClientGoneException if the client has closed it
   */
  public static void require() {
    ClientPresence presence = CURRENT.get();
    if (presence != null) {
      presence.look();
    }
  }

  private void look() {
    long now = System.nanoTime();
    if (now - lookAt < 0) {
      return;
    }
    lookAt = now + EVERY_NANOS;
    if (gone.getAsBoolean()) {
      throw new ClientGoneException();
    }
  }
}
