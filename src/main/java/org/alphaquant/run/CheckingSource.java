package org.alphaquant.run;

import java.util.Collection;
import java.util.concurrent.CompletableFuture;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Checkpoint;

/**
 * The check of the source beside the work of a GPU. Whoever goes on waits for it after the first
 * layer, so that a number which is none is known before more work is lost.
 */
final class CheckingSource implements AutoCloseable {

  private final CompletableFuture<Void> checked = new CompletableFuture<>();
  private Thread thread;

  /** Begins it. */
  void begin(Checkpoint source, Collection<String> names) {
    thread = new Thread(() -> check(source, names), "check source");
    thread.setDaemon(true);
    thread.start();
  }

  private void check(Checkpoint source, Collection<String> names) {
    try {
      SourceCheck.check(source, names, done -> {});
      checked.complete(null);
    } catch (RuntimeException | Error failure) {
      checked.completeExceptionally(failure);
    }
  }

  /**
   * Waits for its end, if it was begun.
   *
   * @throws ModelException naming the first tensor that is not finite, and where
   */
  void await() {
    if (thread != null) {
      InOrder.await(checked);
    }
  }

  /** Ends it early. */
  @Override
  public void close() {
    if (thread == null) {
      return;
    }
    thread.interrupt();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
