package org.alphaquant.api.job;

import org.alphaquant.api.edge.Locations;
import org.alphaquant.api.problem.ProblemException;
import org.alphaquant.api.problem.ProblemType;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.row.IdempotencyConflict;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.Jobs;
import org.alphaquant.job.row.NewJob;
import org.alphaquant.job.row.QuotaSettings;
import org.alphaquant.job.row.Submission;
import org.alphaquant.security.Caller;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Component;

/** Stores what clients post, of every kind of job. */
@Component
class Submissions {

  private final Jobs jobs;
  private final JobViews views;
  private final QuotaSettings quotas;
  private final SpecCheck check;
  private final RequestTrace trace;

  Submissions(
      Jobs jobs, JobViews views, QuotaSettings quotas, SpecCheck check, RequestTrace trace) {
    this.trace = trace;
    this.jobs = jobs;
    this.views = views;
    this.quotas = quotas;
    this.check = check;
  }

  /**
   * Checks and stores a specification of the caller's.
   *
   * @param idempotencyKey as the header has it, or null
   * @param below path of its kind of resource, {@code /v1/jobs/} for example
   */
  ResponseEntity<JobView> store(JobSpec spec, String idempotencyKey, String below) {
    String key = IdempotencyKey.parse(idempotencyKey);
    Submission submission = submit(Caller.current().owner(), spec, key);
    Job job = submission.job();
    ResponseEntity.BodyBuilder answer =
        submission.replayed()
            ? ResponseEntity.ok().header(IdempotencyKey.REPLAYED, "true")
            : ResponseEntity.status(HttpStatus.CREATED);
    return views.answer(
        answer.location(Locations.of(below + job.id())), job, ShownSpec.WITHOUT_TEXTS);
  }

  private Submission submit(String owner, JobSpec spec, String key) {
    try {
      // A replay gets the first response, even if the model no longer exists.
      return jobs.earlier(new NewJob(owner, spec, key))
          .orElseGet(() -> jobs.create(checked(owner, spec, key), quotas));
    } catch (IdempotencyConflict e) {
      throw new ProblemException(ProblemType.IDEMPOTENCY_KEY_REUSED, e.getMessage() + ".");
    }
  }

  private NewJob checked(String owner, JobSpec spec, String key) {
    SpecCheck.Pinned pinned = check.pinned(spec);
    return new NewJob(owner, pinned.spec(), spec, key, pinned.licence(), trace.parent());
  }
}
