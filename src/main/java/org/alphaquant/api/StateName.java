package org.alphaquant.api;

import org.alphaquant.job.JobState;

/** The states of a job as the API names them. */
enum StateName {
  QUEUED,
  RUNNING,
  SUCCEEDED,
  FAILED,
  CANCELLED;

  static StateName of(JobState state) {
    return valueOf(state.name());
  }

  JobState state() {
    return JobState.valueOf(name());
  }
}
