package org.alphaquant.job.row;

/**
 * Receives changes of jobs after they are committed. Called on the thread that made the change, so
 * it must return soon.
 */
public interface JobListener {

  /** A job was created; not called for a repetition of an idempotency key. */
  default void created(Job job) {}

  /** A worker took the job. */
  default void claimed(Job job) {}

  /** The job's state changed or a cancel was requested; not called for claims. */
  default void changed(Job job) {}

  /** The lease of a silent worker expired; {@link #changed} is called too. */
  default void leaseLost(Job job) {}

  /** An event was appended by the attempt that holds the job. */
  default void appended(JobEvent event) {}
}
