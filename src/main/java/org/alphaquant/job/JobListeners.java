package org.alphaquant.job;

import java.util.Collection;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/** All listeners; they are told after the commit, since nobody could find the row before. */
final class JobListeners {
  private static final Logger log = LoggerFactory.getLogger(JobListeners.class);

  private final ObjectProvider<JobListener> listeners;

  JobListeners(ObjectProvider<JobListener> listeners) {
    this.listeners = listeners;
  }

  <T> Optional<T> tell(Optional<T> row, BiConsumer<JobListener, T> what) {
    row.ifPresent(it -> tell(it, what));
    return row;
  }

  <T, C extends Collection<T>> C tell(C rows, BiConsumer<JobListener, T> what) {
    rows.forEach(row -> tell(row, what));
    return rows;
  }

  private <T> void tell(T row, BiConsumer<JobListener, T> what) {
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

  // What is committed must not look failed to the writer because a listener made a mistake.
  private <T> void tellNow(T row, BiConsumer<JobListener, T> what) {
    listeners
        .orderedStream()
        .forEach(
            listener -> {
              try {
                what.accept(listener, row);
              } catch (RuntimeException e) {
                log.error("A listener of jobs failed", e);
              }
            });
  }
}
