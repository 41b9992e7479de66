package org.alphaquant.job.row;

/**
 * Is told what was written about jobs, by the code that wrote it and once it is committed. Called
 * on the writer's thread: it must return soon.
 */
public interface JobListener {

  /** A job was created; not called for a repetition of an idempotency key. */
  default void created(Job job) {}

  /** A worker took the job. */
  default void claimed(Job job) {}

  /** The job's state, or the wish to cancel it, was written by anything but a claim. */
  default void changed(Job job) {}

  /** The job was taken from a worker that went silent; {@link #changed} is called too. */
  default void leaseLost(Job job) {}

  /** An event was appended by the attempt that holds the job. */
  default void appended(JobEvent event) {}
}
