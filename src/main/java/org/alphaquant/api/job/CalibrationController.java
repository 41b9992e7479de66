package org.alphaquant.api.job;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.alphaquant.api.problem.ProblemException;
import org.alphaquant.api.problem.ProblemType;
import org.alphaquant.job.JobKind;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.SpecException;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.JobFilter;
import org.alphaquant.job.row.Jobs;
import org.alphaquant.problem.Problem;
import org.alphaquant.security.Caller;
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

/**
 * Kept calibrations: jobs whose result is the Hessians from which any size of a model can be
 * quantized. Their events, artifacts and cancellation use the job of the same id.
 */
@RestController
@RequestMapping(path = "/v1/calibrations", produces = MediaType.APPLICATION_JSON_VALUE)
class CalibrationController {

  private static final String PATH = "/v1/calibrations/";

  private final Jobs jobs;
  private final ListPositions positions;
  private final JobAccess access;
  private final JobViews views;
  private final Submissions submissions;

  CalibrationController(
      Jobs jobs,
      ListPositions positions,
      JobAccess access,
      JobViews views,
      Submissions submissions) {
    this.positions = positions;
    this.jobs = jobs;
    this.access = access;
    this.views = views;
    this.submissions = submissions;
  }

  @PostMapping(consumes = MediaType.APPLICATION_JSON_VALUE)
  ResponseEntity<JobView> create(
      @RequestBody JobSpec spec,
      @RequestHeader(name = IdempotencyKey.HEADER, required = false) String idempotencyKey) {
    return submissions.store(calibration(spec), idempotencyKey, PATH);
  }

  @GetMapping
  JobPage list(
      @RequestParam(required = false) String owner,
      @RequestParam(required = false) String after,
      @RequestParam(defaultValue = "20")
          @Min(value = 1, message = "must be from 1 to 200")
          @Max(value = 200, message = "must be from 1 to 200")
          int limit) {
    Caller caller = Caller.current();
    JobFilter filter =
        JobFilter.ofKind(caller.isAdmin() ? owner : caller.owner(), JobKind.CALIBRATION);
    JobFilter.Position position = positions.of(after);
    return JobPage.of(jobs.list(filter, position, limit + 1), limit, views);
  }

  @GetMapping("/{id}")
  ResponseEntity<JobView> get(
      @PathVariable UUID id, @RequestParam(required = false) Optional<String> include) {
    return views.answer(ResponseEntity.ok(), find(id), ShownSpec.of(include));
  }

  @DeleteMapping(path = "/{id}", produces = MediaType.ALL_VALUE)
  ResponseEntity<Void> delete(@PathVariable UUID id) {
    Job calibration = find(id);
    jobs.delete(calibration.id())
        .orElseThrow(
            () ->
                new ProblemException(
                    ProblemType.JOB_ACTIVE,
                    "Calibration %s is not finished and cannot be deleted; cancel it first."
                        .formatted(id)));
    return ResponseEntity.noContent().build();
  }

  private static JobSpec calibration(JobSpec spec) {
    try {
      return spec.as(JobKind.CALIBRATION);
    } catch (SpecException e) {
      throw new ProblemException(
          ProblemType.INVALID_JOB,
          List.of(
              Problem.error("invalid-value", "/" + e.field(), e.value(), "must be " + e.limit())));
    }
  }

  private Job find(UUID id) {
    Job job = access.find(id);
    if (job.spec().kind() != JobKind.CALIBRATION) {
      throw JobAccess.notFound(id);
    }
    return job;
  }
}
