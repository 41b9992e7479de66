package org.alphaquant.api;

import java.util.List;
import org.alphaquant.job.JobPreflight;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.ModelPinning;
import org.alphaquant.job.RefusedException;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;

/** Refuses specifications that cannot run, with everything that is wrong with them. */
@Component
class SpecCheck {

  private final ObjectProvider<JobPreflight> preflights;
  private final ObjectProvider<ModelPinning> pinning;

  SpecCheck(ObjectProvider<JobPreflight> preflights, ObjectProvider<ModelPinning> pinning) {
    this.preflights = preflights;
    this.pinning = pinning;
  }

  /**
   * The specification with the version of its model, fit to be run.
   *
   * @throws ProblemException {@code invalid-job} if it cannot run
   */
  JobSpec pinned(JobSpec spec) {
    try {
      JobSpec pinned = pinning.getIfAvailable(() -> it -> it).pin(spec);
      run(pinned);
      return pinned;
    } catch (RefusedException e) {
      throw new ProblemException(ProblemType.INVALID_JOB, Fault.of(e));
    }
  }

  private void run(JobSpec spec) {
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
