package org.alphaquant.job;

import java.util.EnumSet;
import java.util.Set;

/** State of a job. A database trigger enforces the same transitions. */
public enum JobState {
  /** Waits for a worker, for its turn, or for the time of its next attempt. */
  QUEUED,
  /** Held by one worker under one lease epoch. */
  RUNNING,
  /** Finished with a result. */
  SUCCEEDED,
  /** Finished with an error; a person may queue it again. */
  FAILED,
  /** Ended because a client asked for it; a person may queue it again. */
  CANCELLED;

  /** Whether the state is final unless a person retries the job. */
  public boolean isTerminal() {
    return this == SUCCEEDED || this == FAILED || this == CANCELLED;
  }

  /** The states that may follow this one. */
  public Set<JobState> moves() {
    return switch (this) {
      case QUEUED -> EnumSet.of(RUNNING, CANCELLED);
      case RUNNING -> EnumSet.of(QUEUED, SUCCEEDED, FAILED, CANCELLED);
      case FAILED, CANCELLED -> EnumSet.of(QUEUED);
      case SUCCEEDED -> EnumSet.noneOf(JobState.class);
    };
  }
}
