package org.alphaquant.api.job;

import java.util.ArrayList;
import java.util.List;
import org.alphaquant.api.problem.ProblemException;
import org.alphaquant.api.problem.ProblemType;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.RefusedException;
import org.alphaquant.job.SourceAwayException;
import org.alphaquant.job.library.ModelPinning;
import org.alphaquant.job.library.TrafficReading;
import org.alphaquant.job.plan.JobPlan;
import org.alphaquant.job.plan.JobPlanner;
import org.alphaquant.job.plan.JobPreflight;
import org.alphaquant.problem.Problem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;

/** Refuses specifications that cannot run, with everything that is wrong with them. */
@Component
class SpecCheck {

  private static final Logger log = LoggerFactory.getLogger(SpecCheck.class);

  private final ObjectProvider<JobPreflight> preflights;
  private final ObjectProvider<ModelPinning> pinning;
  private final ObjectProvider<TrafficReading> traffic;
  private final ObjectProvider<JobPlanner> planner;
  private final KeptCalibrationCheck calibrations;

  SpecCheck(
      ObjectProvider<JobPreflight> preflights,
      ObjectProvider<ModelPinning> pinning,
      ObjectProvider<TrafficReading> traffic,
      ObjectProvider<JobPlanner> planner,
      KeptCalibrationCheck calibrations) {
    this.calibrations = calibrations;
    this.preflights = preflights;
    this.pinning = pinning;
    this.traffic = traffic;
    this.planner = planner;
  }

  /**
   * Checks the specification and pins its model to a commit and to the hash of its headers. A model
   * that cannot be read now is left to the run.
   *
   * @throws ProblemException {@code invalid-job} if it cannot run
   */
  Pinned pinned(JobSpec spec) {
    JobSpec pinned = pin(spec);
    try {
      JobPlan plan = plan(pinned);
      return plan == null
          ? new Pinned(pinned, null)
          : new Pinned(pinned.on(plan.sourceSha256()), plan.licence());
    } catch (SourceAwayException e) {
      log.warn("a job is taken without a look at its model: {}", e.getMessage());
      return new Pinned(pinned, null);
    }
  }

  /**
   * The model that a job will run.
   *
   * @param licence from the model's card; null if it names none or could not be read
   */
  record Pinned(JobSpec spec, String licence) {}

  /**
   * Plans the specification.
   *
   * @throws ProblemException {@code invalid-job} if it cannot run
   * @throws SourceAwayException if the model is remote and cannot be read now
   */
  JobPlan planned(JobSpec spec) {
    return plan(pin(spec));
  }

  private JobSpec pin(JobSpec spec) {
    try {
      JobSpec counted = traffic.getIfAvailable(() -> it -> it).read(spec);
      return pinning.getIfAvailable(() -> it -> it).pin(counted);
    } catch (RefusedException e) {
      throw new ProblemException(ProblemType.INVALID_JOB, e.problems());
    }
  }

  // Reports the problems of all checks together.
  private JobPlan plan(JobSpec spec) {
    List<Problem> problems = new ArrayList<>(calibrations.check(spec));
    preflights.orderedStream().forEach(preflight -> problems.addAll(preflight.check(spec)));
    JobPlan plan = null;
    try {
      plan = planner.getIfAvailable(() -> it -> null).plan(spec);
    } catch (RefusedException e) {
      problems.addAll(e.problems());
    } catch (SourceAwayException e) {
      refuse(problems);
      throw e;
    }
    refuse(problems);
    return plan;
  }

  private static void refuse(List<Problem> problems) {
    if (!problems.isEmpty()) {
      throw new ProblemException(ProblemType.INVALID_JOB, problems);
    }
  }
}
