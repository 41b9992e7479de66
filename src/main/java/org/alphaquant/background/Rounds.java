package org.alphaquant.background;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.springframework.context.SmartLifecycle;

/**
 * A thread that runs a task periodically, and at once when woken. No exception ends it: a process
 * without its background threads would look alive and do nothing.
 */
public final class Rounds implements SmartLifecycle {
  private static final Logger log = LoggerFactory.getLogger(Rounds.class);

  private final String name;
  private final Duration afterFailure;
  private final Round round;
  private final Semaphore wake = new Semaphore(0);
  private volatile boolean running;
  private volatile Thread thread;
  private boolean databaseAway;

  /** The task. */
  @FunctionalInterface
  public interface Round {
    /** Runs once and returns the delay before the next run. */
    Duration go() throws Exception;
  }

  /**
   * @param name name of the thread, also used in log messages
   * @param afterFailure delay before the next round after a failure
   */
  public Rounds(String name, Duration afterFailure, Round round) {
    this.name = requireNonNull(name, "name is null");
    this.afterFailure = requireNonNull(afterFailure, "afterFailure is null");
    this.round = requireNonNull(round, "round is null");
  }

  @Override
  public void start() {
    running = true;
    thread = new Thread(this::go, name);
    thread.setDaemon(true);
    thread.start();
  }

  /** Starts the next round now; several calls during a round start only one. */
  public void wake() {
    wake.release();
  }

  /** Stops after the current round, without waiting for it. */
  @Override
  public void stop() {
    running = false;
    wake.release();
  }

  /** Waits for the last round, up to a limit. */
  public void join(Duration longest) throws InterruptedException {
    thread.join(Math.max(1, longest.toMillis()));
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  /**
   * Whether the thread that asks, which is in a round, is to go on: not after a stop, and not
   * beside the thread that a new start has made since.
   */
  public boolean goesOn() {
    return running && Thread.currentThread() == thread;
  }

  private void go() {
    while (goesOn()) {
      await(once());
    }
  }

  private Duration once() {
    try {
      Duration next = round.go();
      if (databaseAway) {
        databaseAway = false;
        log.info("{} can reach the database again", name);
      }
      return next;
    } catch (Throwable e) {
      if (DatabaseAway.caused(e)) {
        // Logged once, as an outage can be long.
        log.atLevel(databaseAway ? Level.DEBUG : Level.WARN)
            .log("{} waits for the database: {}", name, DatabaseAway.reason(e));
        databaseAway = true;
      } else {
        log.error("{} failed and will be repeated", name, e);
      }
    }
    return afterFailure;
  }

  private void await(Duration longest) {
    try {
      if (wake.tryAcquire(longest.toMillis(), TimeUnit.MILLISECONDS)) {
        wake.drainPermits();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      running = false;
    }
  }
}
