package org.alphaquant.worker;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.alphaquant.job.FetchedSource;
import org.alphaquant.job.JobProgress;
import org.alphaquant.job.JobSpec;

/** What a run knows about its attempt and how it tells about itself. For one thread. */
public interface JobContext {
  UUID jobId();

  /** Number of this attempt; rises with every claim. */
  long leaseEpoch();

  JobSpec spec();

  /** Whose job it is; null for nobody's. */
  default String owner() {
    return null;
  }

  /** What was brought here for this attempt, by the names that the specification has for it. */
  default Map<String, FetchedSource> sources() {
    return Map.of();
  }

  /** The first of {@link #devices}. */
  default String device() {
    return devices().get(0);
  }

  /** The devices that are this attempt's alone, for example {@code cuda:0}. */
  List<String> devices();

  /** Attempts of this job that ran out of memory or disk; each asks for a smaller plan. */
  int earlierResourceFailures();

  /** An existing folder, of this attempt alone. Nothing may be written outside of it. */
  Path attemptDirectory();

  /** The folder below {@link #attemptDirectory} whose files are the result; exists. */
  Path artifactDirectory();

  /** Folders of earlier attempts, newest first, to adopt finished layers from; read only. */
  List<Path> earlierAttempts();

  /**
   * Begins a unit of work that native code or much memory takes part in. Whoever runs the work says
   * so when it does not survive the unit.
   *
   * @param name in words that complete "while it was ...", for example {@code reading
   *     tokenizer.json}
   */
  default void unit(String name) {
    ensureHeld();
  }

  /**
   * Returns while the job is this attempt's. To be called between units of work, at least every few
   * seconds, and before a file is published.
   *
   * @throws AttemptEndedException when the work must stop: lease lost, cancelled, or drained and
   *     out of grace
   */
  void ensureHeld();

  /**
   * As {@link #ensureHeld}, at a point where a later attempt can go on: stops here when the worker
   * is being stopped.
   */
  void betweenLayers();

  /**
   * As {@link #ensureHeld}, within work that is lost unless it is whole: stops here when the worker
   * is being stopped, as finishing takes longer than its grace.
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
