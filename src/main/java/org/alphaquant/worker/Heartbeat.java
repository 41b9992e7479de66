package org.alphaquant.worker;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.alphaquant.background.DatabaseAway;
import org.alphaquant.background.Rounds;
import org.alphaquant.job.queue.RegisteredWorker;
import org.alphaquant.job.queue.Workers;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;

/**
 * Records every few seconds that this worker is alive and which slots it has. Independent of
 * leases.
 */
final class Heartbeat {
  private static final Logger log = LoggerFactory.getLogger(Heartbeat.class);
  private static final Duration EVERY = Duration.ofSeconds(5);
  private static final Duration LAST = Duration.ofSeconds(1);

  private final Workers workers;
  private final String host = host();
  private volatile boolean draining;
  private Rounds rounds;

  Heartbeat(Workers workers) {
    this.workers = workers;
  }

  void start(UUID worker, List<RegisteredWorker.Slot> slots) {
    draining = false;
    rounds =
        new Rounds(
            "worker-heartbeat",
            EVERY,
            () -> {
              workers.beat(worker, host, slots, draining);
              return EVERY;
            });
    rounds.start();
  }

  void drain() {
    draining = true;
    rounds.wake();
  }

  void stop(UUID worker) {
    rounds.stop();
    try {
      // A heartbeat after the removal would register the stopped worker again.
      rounds.join(LAST);
      workers.remove(worker);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (DataAccessException e) {
      log.debug(
          "The worker could not be unregistered and stays listed for a while: {}",
          DatabaseAway.reason(e));
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
