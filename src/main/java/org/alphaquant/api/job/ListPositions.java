package org.alphaquant.api.job;

import java.util.List;
import java.util.UUID;
import org.alphaquant.api.problem.ProblemException;
import org.alphaquant.api.problem.ProblemType;
import org.alphaquant.job.row.JobFilter;
import org.alphaquant.job.row.Jobs;
import org.alphaquant.problem.Problem;
import org.alphaquant.security.Caller;
import org.springframework.stereotype.Component;

/** Reads the start of a page: after a cursor, or after a job that the caller may see. */
@Component
class ListPositions {

  private final Jobs jobs;

  ListPositions(Jobs jobs) {
    this.jobs = jobs;
  }

  /**
   * @param after null for the beginning
   * @throws ProblemException {@code invalid-cursor}
   */
  JobFilter.Position of(String after) {
    if (after == null) {
      return null;
    }
    try {
      return Cursor.parse(after).position();
    } catch (IllegalArgumentException e) {
      return ofJob(after);
    }
  }

  private JobFilter.Position ofJob(String after) {
    try {
      return jobs.find(UUID.fromString(after))
          .filter(job -> Caller.current().sees(job.owner()))
          .map(job -> Cursor.after(job).position())
          .orElseThrow(() -> invalid(after));
    } catch (IllegalArgumentException e) {
      throw invalid(after);
    }
  }

  private static ProblemException invalid(String after) {
    Problem fault =
        Problem.error(
            "unknown-cursor", "after", after, "is neither a cursor of this list nor a job");
    return new ProblemException(ProblemType.INVALID_CURSOR, List.of(fault));
  }
}
