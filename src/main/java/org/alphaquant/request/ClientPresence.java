package org.alphaquant.request;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Lets long work on a request stop when the client has closed the connection. The work calls {@link
 * #require} in its loops. Bound to a thread: work without a client, for example a job's run, is not
 * affected.
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

  /** Work that may throw one further kind of exception besides IOException. */
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
   * Checks the connection at most ten times a second, and first after a quarter of a second, so
   * that loops can call this in every iteration and short work is not affected.
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
