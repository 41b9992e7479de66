package org.alphaquant.api.job;

import org.alphaquant.job.JobState;

/** The states of a job as the API names them. */
public enum StateName {
  QUEUED,
  RUNNING,
  SUCCEEDED,
  FAILED,
  CANCELLED;

  public static StateName of(JobState state) {
    return valueOf(state.name());
  }

  JobState state() {
    return JobState.valueOf(name());
  }
}
