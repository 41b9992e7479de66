package org.alphaquant.worker;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.alphaquant.job.FetchedSource;
import org.alphaquant.job.JobProgress;
import org.alphaquant.job.JobSpec;

/** Gives a run access to its attempt and takes its reports. Not thread-safe. */
public interface JobContext {
  UUID jobId();

  /** Number of this attempt; every claim increases it. */
  long leaseEpoch();

  JobSpec spec();

  /** Owner of the job, or null. */
  default String owner() {
    return null;
  }

  /** Models and texts downloaded for this attempt, by their names in the specification. */
  default Map<String, FetchedSource> sources() {
    return Map.of();
  }

  /** The first of {@link #devices}. */
  default String device() {
    return devices().get(0);
  }

  /** The devices reserved for this attempt, for example {@code cuda:0}. */
  List<String> devices();

  /** Number of attempts that ran out of memory or disk; the more, the smaller the plan must be. */
  int earlierResourceFailures();

  /** The existing folder of this attempt. A run must not write anywhere else. */
  Path attemptDirectory();

  /** The existing folder for the result, below {@link #attemptDirectory}. */
  Path artifactDirectory();

  /** Folders of earlier attempts, newest first, with layers that can be reused; read-only. */
  List<Path> earlierAttempts();

  /**
   * Names the unit of work that begins, for the error message if the process crashes in it.
   *
   * @param name completes "while it was ...", for example {@code reading tokenizer.json}
   */
  default void unit(String name) {
    ensureHeld();
  }

  /**
   * Checks that this attempt still holds the job. Call it between units of work, at least every few
   * seconds, and before a file is published.
   *
   * @throws AttemptEndedException when the work must stop: the lease is lost, the job is cancelled,
   *     or the grace period of a shutdown is over
   */
  void ensureHeld();

  /**
   * As {@link #ensureHeld}, at a point that a later attempt can resume from: stops here when the
   * worker is shutting down.
   */
  void betweenLayers();

  /**
   * As {@link #ensureHeld}, within work that cannot be resumed: stops here when the worker is
   * shutting down, because finishing would exceed the grace period.
   */
  void ensureNotDraining();

  /** Reports progress; calls are throttled. */
  void progress(JobProgress progress);

  /**
   * Appends an event.
   *
   * @param type {@code experts}, {@code log} or {@code metric}
   * @param data written as JSON
   */
  void event(String type, Object data);
}
