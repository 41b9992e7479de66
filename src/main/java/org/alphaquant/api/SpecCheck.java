package org.alphaquant.api;

import java.util.List;
import org.alphaquant.job.JobPreflight;
import org.alphaquant.job.JobSpec;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;

/** Refuses specifications that cannot run, with everything that is wrong with them. */
@Component
class SpecCheck {

  private final ObjectProvider<JobPreflight> preflights;

  SpecCheck(ObjectProvider<JobPreflight> preflights) {
    this.preflights = preflights;
  }

  void run(JobSpec spec) {
    List<Fault> faults =
        preflights
            .orderedStream()
            .flatMap(preflight -> preflight.check(spec).stream())
            .map(Fault::of)
            .toList();
    if (!faults.isEmpty()) {
      throw new ProblemException(ProblemType.INVALID_JOB, faults);
    }
  }
}
