package org.alphaquant.runner;

import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.alphaquant.device.DeviceErrors;
import org.alphaquant.job.JobError;
import org.alphaquant.job.RunFailure;
import org.alphaquant.runner.RunnerMeters.End;
import org.alphaquant.runner.wire.ProtocolException;
import org.alphaquant.worker.JobContext;
import org.alphaquant.worker.RunnerKilledException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Decides how an attempt ends whose runner ended, or had to be ended, during its work. */
final class LostRunner {
  private static final Logger log = LoggerFactory.getLogger(LostRunner.class);
  private static final Duration EXIT = Duration.ofSeconds(2);
  private static final int SIGNALLED = 128;
  private static final int SIGKILL = 9;
  private static final int SIGTERM = 15;
  private static final Map<Integer, String> SIGNALS =
      Map.of(
          4, "SIGILL", 6, "SIGABRT", 7, "SIGBUS", 8, "SIGFPE", 9, "SIGKILL", 11, "SIGSEGV", 15,
          "SIGTERM");

  private final RunnerProcess runner;
  private final String unit;
  private final RunnerMeters meters;
  private OptionalInt status = OptionalInt.empty();
  private boolean waited;

  LostRunner(RunnerProcess runner, String unit, RunnerMeters meters) {
    this.runner = runner;
    this.unit = unit;
    this.meters = meters;
  }

  /**
   * Records the loss for later attempts and returns the exception that ends this attempt.
   *
   * @param seen the exception that ended the connection
   * @param mostKills how often a runner may be killed from outside in the same unit of work
   */
  RuntimeException failure(IOException seen, JobContext context, int mostKills) {
    String how = how(seen);
    End end = count(seen);
    LostUnit lost = new LostUnit(unit, end);
    int before = lost.timesIn(context.earlierAttempts());
    lost.writeTo(context.attemptDirectory());
    String message = "the runner %s while it was %s".formatted(how, unit);
    log.warn("job={} epoch={} {}", context.jobId(), context.leaseEpoch(), message);
    if (end == End.KILLED && before + 1 < mostKills) {
      context.event("log", Map.of("level", "warning", "message", message));
      return new RunnerKilledException(message);
    }
    return new RunFailure(error(end, message, before));
  }

  /** Counts a runner whose process ended, and returns how it ended. */
  End count() {
    return count(new EOFException());
  }

  private End count(IOException seen) {
    End end = end(seen);
    meters.lost(end);
    return end;
  }

  private JobError error(End end, String message, int before) {
    List<String> lines = runner.output().lastLines();
    String detail = lines.isEmpty() ? null : String.join("\n", lines);
    Optional<String> card = lines.stream().filter(DeviceErrors::isDeviceError).findFirst();
    if (end == End.CRASHED && card.isPresent()) {
      return new JobError(
          "device-error", JobError.Kind.TRANSIENT, message + ": " + card.get(), detail);
    }
    String code = end == End.MEMORY ? "runner-memory" : "runner-lost";
    if (before > 0 && end != End.KILLED) {
      return new JobError(
          code,
          JobError.Kind.USER,
          message
              + "; the previous attempt ended the same way, so the input of this step cannot be used",
          detail);
    }
    return new JobError(code, kind(end), message, detail);
  }

  private static JobError.Kind kind(End end) {
    return switch (end) {
      case MEMORY -> JobError.Kind.RESOURCE;
      case KILLED -> JobError.Kind.TRANSIENT;
      case CRASHED, STOPPED -> JobError.Kind.INTERNAL;
    };
  }

  private End end(IOException seen) {
    if (runner.overMemory() > 0) {
      return End.MEMORY;
    }
    if (isStopped(seen)) {
      return End.STOPPED;
    }
    int signal = status().orElse(0) - SIGNALLED;
    return signal == SIGKILL || signal == SIGTERM ? End.KILLED : End.CRASHED;
  }

  private static boolean isStopped(IOException seen) {
    return seen instanceof RunnerStoppedException || seen instanceof ProtocolException;
  }

  // Waits only once for a process that closed its connection but does not exit.
  private OptionalInt status() {
    if (status.isEmpty() && !waited) {
      status = runner.exitStatus(EXIT);
      waited = true;
    }
    return status;
  }

  private String how(IOException seen) {
    if (runner.overMemory() > 0) {
      return "held %,d bytes of memory, more than the limit of %,d (alphaquant.runner.max-memory),"
          .formatted(runner.overMemory(), runner.memoryLimit());
    }
    if (isStopped(seen)) {
      return seen instanceof ProtocolException
          ? "was ended because " + seen.getMessage()
          : seen.getMessage();
    }
    if (status().isEmpty()) {
      return "closed its connection";
    }
    int signal = status.getAsInt() - SIGNALLED;
    return signal > 0
        ? "ended by %s".formatted(SIGNALS.getOrDefault(signal, "signal " + signal))
        : "ended with status %d".formatted(status.getAsInt());
  }
}
