package org.alphaquant.worker;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.alphaquant.job.FetchedSource;
import org.alphaquant.job.JobProgress;
import org.alphaquant.job.JobSpec;

/** What a run knows about its attempt, and how it reports. Not thread-safe. */
public interface JobContext {
  UUID jobId();

  /** Number of this attempt; rises with every claim. */
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

  /** The devices that are this attempt's alone, for example {@code cuda:0}. */
  List<String> devices();

  /** Attempts of this job that ran out of memory or disk; each asks for a smaller plan. */
  int earlierResourceFailures();

  /** Folder of this attempt, which exists. The run writes nowhere else. */
  Path attemptDirectory();

  /** The folder below {@link #attemptDirectory} whose files are the result; exists. */
  Path artifactDirectory();

  /** Folders of earlier attempts, newest first, to adopt finished layers from; read only. */
  List<Path> earlierAttempts();

  /**
   * Names a unit of work that uses native code or much memory, for the error message if the process
   * dies in it.
   *
   * @param name in words that complete "while it was ...", for example {@code reading
   *     tokenizer.json}
   */
  default void unit(String name) {
    ensureHeld();
  }

  /**
   * Checks that this attempt still holds the job. Call it between units of work, at least every few
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
