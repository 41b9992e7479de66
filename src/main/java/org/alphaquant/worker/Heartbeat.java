package org.alphaquant.worker;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.alphaquant.job.DatabaseAway;
import org.alphaquant.job.RegisteredWorker;
import org.alphaquant.job.Workers;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;

/** Tells every few seconds that this worker is there and what it has. Says nothing about leases. */
final class Heartbeat {
  private static final Logger log = LoggerFactory.getLogger(Heartbeat.class);
  private static final long SECONDS = 5;

  private final Workers workers;
  private final String host = host();
  private volatile boolean draining;
  private ScheduledExecutorService clock;

  Heartbeat(Workers workers) {
    this.workers = workers;
  }

  void start(UUID worker, List<RegisteredWorker.Slot> slots) {
    draining = false;
    clock =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "worker-heartbeat");
              thread.setDaemon(true);
              return thread;
            });
    clock.scheduleWithFixedDelay(
        () -> tell(() -> workers.beat(worker, host, slots, draining)),
        0,
        SECONDS,
        TimeUnit.SECONDS);
  }

  void drain(UUID worker, List<RegisteredWorker.Slot> slots) {
    draining = true;
    clock.execute(() -> tell(() -> workers.beat(worker, host, slots, true)));
  }

  void stop(UUID worker) {
    // A beat after the removal would make a worker known that is gone.
    clock.shutdownNow();
    try {
      clock.awaitTermination(SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    tell(() -> workers.remove(worker));
  }

  private static void tell(Runnable statement) {
    try {
      statement.run();
    } catch (DataAccessException e) {
      log.debug("No sign of life: {}", DatabaseAway.reason(e));
    } catch (RuntimeException e) {
      // Thrown on, it would be the last beat, and the worker be taken for one that is gone.
      log.error("A sign of life failed", e);
    }
  }

  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "unknown";
    }
  }
}
