package org.alphaquant.api.job;

import org.alphaquant.job.JobState;
import org.springframework.core.convert.converter.Converter;
import org.springframework.stereotype.Component;

/** Reads states in query parameters, in either case. */
@Component
class JobStateConverter implements Converter<String, JobState> {

  @Override
  public JobState convert(String text) {
    for (JobState state : JobState.values()) {
      if (state.name().equalsIgnoreCase(text.strip())) {
        return state;
      }
    }
    throw new IllegalArgumentException("no state has this name");
  }
}
