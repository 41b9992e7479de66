package org.alphaquant.api.job;

import jakarta.validation.constraints.Size;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.alphaquant.api.problem.ProblemException;
import org.alphaquant.api.problem.ProblemType;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.JobState;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.Jobs;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Creates, reads, cancels, retries and deletes jobs. */
@RestController
@RequestMapping(path = "/v1/jobs", produces = MediaType.APPLICATION_JSON_VALUE)
class JobController {

  private final Jobs jobs;
  private final JobAccess access;
  private final JobViews views;
  private final Submissions submissions;

  JobController(Jobs jobs, JobAccess access, JobViews views, Submissions submissions) {
    this.jobs = jobs;
    this.access = access;
    this.views = views;
    this.submissions = submissions;
  }

  @PostMapping(consumes = MediaType.APPLICATION_JSON_VALUE)
  ResponseEntity<JobView> create(
      @RequestBody JobSpec spec,
      @RequestHeader(name = IdempotencyKey.HEADER, required = false) String idempotencyKey) {
    return submissions.store(spec, idempotencyKey, "/v1/jobs/");
  }

  @GetMapping("/{id}")
  ResponseEntity<JobView> get(
      @PathVariable UUID id, @RequestParam(required = false) Optional<String> include) {
    ShownSpec shown = ShownSpec.of(include);
    return views.answer(ResponseEntity.ok(), access.find(id), shown);
  }

  @PostMapping("/{id}/cancel")
  ResponseEntity<JobView> cancel(
      @PathVariable UUID id,
      @RequestParam(required = false) @Size(max = 500, message = "must have at most 500 characters")
          String reason) {
    Job before = access.find(id);
    Job job = jobs.cancel(before.id(), reason).orElseGet(() -> access.find(id));
    return switch (job.state()) {
      case CANCELLED -> answer(HttpStatus.OK, job);
      case QUEUED, RUNNING -> answer(HttpStatus.ACCEPTED, job);
      case SUCCEEDED, FAILED ->
          throw new ProblemException(
              ProblemType.JOB_FINISHED,
              "Job %s has %s and cannot be cancelled.".formatted(id, word(job.state())));
    };
  }

  @PostMapping("/{id}/retry")
  ResponseEntity<JobView> retry(@PathVariable UUID id) {
    Job before = access.find(id);
    Job job = jobs.retry(before.id()).orElseThrow(() -> notRetryable(access.find(id)));
    return answer(HttpStatus.ACCEPTED, job);
  }

  @DeleteMapping(path = "/{id}", produces = MediaType.ALL_VALUE)
  ResponseEntity<Void> delete(@PathVariable UUID id) {
    Job before = access.find(id);
    jobs.delete(before.id()).orElseThrow(() -> active(access.find(id), "deleted; cancel it first"));
    return ResponseEntity.noContent().build();
  }

  private static ProblemException notRetryable(Job job) {
    return job.state() == JobState.SUCCEEDED
        ? new ProblemException(
            ProblemType.JOB_FINISHED,
            "Job %s has succeeded; post a new one to run it again.".formatted(job.id()))
        : active(job, "retried; it will run automatically");
  }

  private static ProblemException active(Job job, String what) {
    return new ProblemException(
        ProblemType.JOB_ACTIVE,
        "Job %s is %s and cannot be %s."
            .formatted(job.id(), job.state().name().toLowerCase(Locale.ROOT), what));
  }

  private ResponseEntity<JobView> answer(HttpStatus status, Job job) {
    return views.answer(ResponseEntity.status(status), job, ShownSpec.WITHOUT_TEXTS);
  }

  private static String word(JobState state) {
    return state == JobState.SUCCEEDED ? "succeeded" : "failed";
  }
}
