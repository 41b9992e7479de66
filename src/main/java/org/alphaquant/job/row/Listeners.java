package org.alphaquant.job.row;

import java.util.Collection;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * All listeners of one kind. They are called after the commit, when the row is visible to others.
 *
 * @param <L> their kind
 */
public final class Listeners<L> {
  private static final Logger log = LoggerFactory.getLogger(Listeners.class);

  private final ObjectProvider<L> listeners;

  public Listeners(ObjectProvider<L> listeners) {
    this.listeners = listeners;
  }

  /** Calls the listeners with the row, if present. */
  public <T> Optional<T> tell(Optional<T> row, BiConsumer<L, T> what) {
    row.ifPresent(it -> tell(it, what));
    return row;
  }

  /** Calls the listeners with each row. */
  public <T, C extends Collection<T>> C tell(C rows, BiConsumer<L, T> what) {
    rows.forEach(row -> tell(row, what));
    return rows;
  }

  private <T> void tell(T row, BiConsumer<L, T> what) {
    if (!TransactionSynchronizationManager.isSynchronizationActive()) {
      tellNow(row, what);
      return;
    }
    TransactionSynchronizationManager.registerSynchronization(
        new TransactionSynchronization() {
          @Override
          public void afterCommit() {
            tellNow(row, what);
          }
        });
  }

  // A failing listener must not make a committed change look failed.
  private <T> void tellNow(T row, BiConsumer<L, T> what) {
    listeners
        .orderedStream()
        .forEach(
            listener -> {
              try {
                what.accept(listener, row);
              } catch (RuntimeException e) {
                log.error("A listener failed", e);
              }
            });
  }
}
