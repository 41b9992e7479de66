package org.alphaquant.worker;

import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;

/** Reports whether this process takes jobs; it does not while stopping. */
final class WorkerHealth extends AbstractHealthIndicator {
  private final Worker worker;

  WorkerHealth(Worker worker) {
    this.worker = worker;
  }

  @Override
  protected void doHealthCheck(Health.Builder health) {
    health.status(worker.isRunning() ? "UP" : "OUT_OF_SERVICE");
  }
}
