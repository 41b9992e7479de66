package org.alphaquant.api.job;

import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.alphaquant.job.JobKind;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.JobState;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.Jobs;
import org.alphaquant.problem.Problem;
import org.alphaquant.security.Caller;
import org.springframework.stereotype.Component;

/** Checks that the kept calibration of a job exists and fits it. */
@Component
class KeptCalibrationCheck {

  private static final String POINTER = "/calibration/id";

  private final Jobs jobs;

  KeptCalibrationCheck(Jobs jobs) {
    this.jobs = jobs;
  }

  /**
   * Everything that speaks against it.
   *
   * @param spec with its model pinned
   */
  List<Problem> check(JobSpec spec) {
    UUID id = spec.calibration().id();
    if (id == null) {
      return List.of();
    }
    Optional<Job> calibration =
        jobs.find(id)
            .filter(job -> Caller.current().sees(job.owner()))
            .filter(job -> job.spec().kind() == JobKind.CALIBRATION);
    return calibration
        .map(job -> check(spec, job))
        .orElseGet(() -> List.of(refused(POINTER, id, "There is no calibration " + id)));
  }

  private static List<Problem> check(JobSpec spec, Job calibration) {
    JobSpec made = calibration.spec();
    UUID id = calibration.id();
    if (calibration.state() != JobState.SUCCEEDED) {
      String state = calibration.state().name().toLowerCase(Locale.ROOT);
      return List.of(
          refused(
              POINTER,
              id,
              "The calibration is %s; only one that has succeeded can be used".formatted(state)));
    }
    if (!made.model().equals(spec.model()) || !Objects.equals(made.revision(), spec.revision())) {
      return List.of(
          refused(
              POINTER,
              id,
              "The calibration was made of '%s'%s, and the job's model is '%s'%s"
                  .formatted(made.model(), revision(made), spec.model(), revision(spec))));
    }
    if (spec.calibration().solvesFromKept()
        && !made.gptq().routingWeight().equals(spec.gptq().routingWeight())) {
      return List.of(
          refused(
              "/gptq/routing_weight",
              spec.gptq().routingWeight().power(),
              "The calibration counts tokens by p^%s, which its Hessians cannot undo"
                  .formatted(made.gptq().routingWeight().power())));
    }
    return List.of();
  }

  private static String revision(JobSpec spec) {
    return spec.revision() == null ? "" : " at " + spec.revision();
  }

  private static Problem refused(String pointer, Object value, String detail) {
    return Problem.error("unusable-calibration", pointer, value, detail);
  }
}
