package org.alphaquant.api;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.alphaquant.job.JobState;

/** The states of a job in the API's spelling. */
enum StateName {
  @JsonProperty("queued")
  QUEUED,
  @JsonProperty("running")
  RUNNING,
  @JsonProperty("succeeded")
  SUCCEEDED,
  @JsonProperty("failed")
  FAILED,
  @JsonProperty("cancelled")
  CANCELLED;

  static StateName of(JobState state) {
    return valueOf(state.name());
  }

  JobState state() {
    return JobState.valueOf(name());
  }
}
