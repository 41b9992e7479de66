package org.alphaquant.api;

import org.alphaquant.job.JobPlan;
import org.alphaquant.job.JobPlanner;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.RefusedException;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** What a job would come to; nothing is stored. */
@RestController
class PlanController {

  private final SpecCheck check;
  private final JobPlanner planner;

  PlanController(SpecCheck check, JobPlanner planner) {
    this.check = check;
    this.planner = planner;
  }

  @PostMapping(
      path = "/v1/plans",
      consumes = MediaType.APPLICATION_JSON_VALUE,
      produces = MediaType.APPLICATION_JSON_VALUE)
  JobPlan plan(@RequestBody JobSpec spec) {
    try {
      return planner.plan(check.pinned(spec));
    } catch (RefusedException e) {
      throw new ProblemException(ProblemType.INVALID_JOB, Fault.of(e));
    }
  }
}
