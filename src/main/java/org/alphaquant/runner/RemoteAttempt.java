package org.alphaquant.runner;

import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.RunFailure;
import org.alphaquant.runner.wire.Message;
import org.alphaquant.runner.wire.Message.Stop;
import org.alphaquant.runner.wire.ProtocolException;
import org.alphaquant.worker.AttemptEndedException;
import org.alphaquant.worker.DrainRequestedException;
import org.alphaquant.worker.JobCancelledException;
import org.alphaquant.worker.JobContext;

/** Follows one attempt in a runner until it ends, on the worker's thread. */
final class RemoteAttempt {
  private static final Duration POLL = Duration.ofMillis(50);
  private static final Duration AT_ONCE = Duration.ofSeconds(2);
  static final Set<String> EVENTS =
      Set.of("experts", "log", "metric", "allocation", "contract", "ladder", "traffic");

  private final RunnerProcess runner;
  private final JobContext context;
  private final RunnerSettings settings;
  private final Duration cancelDeadline;
  private String unit = "starting";
  private long units = -1;
  private long unitSince = System.nanoTime();
  private long heardAt = System.nanoTime();
  private Stop.When asked;
  private AttemptEndedException reason;
  private long stopBy;
  private boolean atRest;

  RemoteAttempt(
      RunnerProcess runner, JobContext context, RunnerSettings settings, Duration cancelDeadline) {
    this.runner = runner;
    this.context = context;
    this.settings = settings;
    this.cancelDeadline = cancelDeadline;
  }

  /** The unit of work that the runner began last. */
  String unit() {
    return unit;
  }

  /** Whether the runner has finished this work and waits for the next request. */
  boolean isAtRest() {
    return atRest;
  }

  /**
   * Waits for the runner's result and forwards its progress and events.
   *
   * @throws RunFailure as the runner classified it
   * @throws AttemptEndedException if the work was stopped; the runner is idle or has ended
   * @throws RunnerStoppedException if the runner took too long
   * @throws IOException if the runner has ended or violated the protocol
   */
  JobResult await() throws IOException {
    while (true) {
      askToStop();
      Message message = runner.receive(POLL);
      if (message == null) {
        checkTimes();
      } else {
        heardAt = System.nanoTime();
        JobResult result = handle(message);
        if (result != null) {
          return result;
        }
      }
    }
  }

  private JobResult handle(Message message) throws IOException {
    if (message instanceof Message.Alive alive) {
      unit(alive.unit(), alive.units());
    } else if (message instanceof Message.Progress progress) {
      unit(Message.unit(progress.progress()), units + 1);
      context.progress(progress.progress());
    } else if (message instanceof Message.Event event) {
      event(event);
    } else if (message instanceof Message.Done done) {
      return done.result();
    } else if (message instanceof Message.Failed failed) {
      throw new RunFailure(failed.error());
    } else if (message instanceof Message.Stopped && reason != null) {
      atRest = true;
      throw reason;
    } else if (!(message instanceof Message.TorchLoaded)) {
      throw new ProtocolException(
          "it sent %s, which has no place in a job".formatted(message.getClass().getSimpleName()));
    }
    return null;
  }

  private void event(Message.Event event) throws ProtocolException {
    if (!EVENTS.contains(event.kind())) {
      throw new ProtocolException(
          "it sent an event of kind '%s'; it must be one of %s".formatted(event.kind(), EVENTS));
    }
    context.event(event.kind(), event.data());
  }

  private void unit(String name, long count) {
    if (count != units || !name.equals(unit)) {
      unitSince = System.nanoTime();
    }
    unit = name;
    units = count;
  }

  // Only this process knows the lease; it tells the runner when to stop.
  private void askToStop() throws IOException {
    if (asked != Stop.When.NEXT_UNIT) {
      Stop.When now = stop();
      if (now != null && now != asked) {
        asked = now;
        stopBy = System.nanoTime() + grace().toNanos();
        runner.send(new Stop(now));
      }
    }
    if (asked == Stop.When.NEXT_UNIT && System.nanoTime() - stopBy > 0) {
      runner.stop(AT_ONCE);
      throw reason;
    }
  }

  private Stop.When stop() {
    try {
      context.ensureNotDraining();
      return null;
    } catch (DrainRequestedException draining) {
      reason = draining;
      return isOutOfGrace() ? Stop.When.NEXT_UNIT : Stop.When.AFTER_LAYER;
    } catch (AttemptEndedException ended) {
      reason = ended;
      return Stop.When.NEXT_UNIT;
    }
  }

  private boolean isOutOfGrace() {
    try {
      context.ensureHeld();
      return false;
    } catch (AttemptEndedException ended) {
      reason = ended;
      return true;
    }
  }

  // A cancel waits for the current unit; work without a lease or past its grace does not.
  private Duration grace() {
    return reason instanceof JobCancelledException ? cancelDeadline : AT_ONCE;
  }

  private void checkTimes() throws RunnerStoppedException {
    long now = System.nanoTime();
    if (now - heardAt > settings.silence().toNanos()) {
      throw new RunnerStoppedException(
          "gave no sign of life for %d s (alphaquant.runner.silence)"
              .formatted(settings.silence().toSeconds()));
    }
    if (now - unitSince > settings.unitTimeout().toNanos()) {
      throw new RunnerStoppedException(
          "took longer than %s (alphaquant.runner.unit-timeout)".formatted(settings.unitTimeout()));
    }
  }
}
