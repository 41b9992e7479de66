package org.alphaquant.api.job;

import java.util.UUID;
import org.alphaquant.api.problem.ProblemException;
import org.alphaquant.api.problem.ProblemType;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.Jobs;
import org.alphaquant.security.Caller;
import org.springframework.stereotype.Component;

/**
 * Finds jobs that the caller may see. Another owner's job is reported as not found, so that ids
 * reveal nothing.
 */
@Component
public class JobAccess {

  private final Jobs jobs;

  JobAccess(Jobs jobs) {
    this.jobs = jobs;
  }

  /**
   * @throws ProblemException {@code job-not-found}
   */
  public Job find(UUID id) {
    return jobs.find(id)
        .filter(job -> Caller.current().sees(job.owner()))
        .orElseThrow(() -> notFound(id));
  }

  static ProblemException notFound(Object id) {
    return new ProblemException(ProblemType.JOB_NOT_FOUND, "There is no job " + id + ".");
  }
}
