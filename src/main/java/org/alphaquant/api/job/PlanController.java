package org.alphaquant.api.job;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.util.List;
import org.alphaquant.api.problem.ProblemException;
import org.alphaquant.api.problem.ProblemType;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.SourceAwayException;
import org.alphaquant.job.plan.JobPlan;
import org.alphaquant.problem.Problem;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Plans a job without storing it. */
@RestController
class PlanController {

  private static final String TENSORS = "tensors";

  private final SpecCheck check;

  PlanController(SpecCheck check) {
    this.check = check;
  }

  /**
   * @param include {@code tensors} for a page of the result's tensors
   * @param after name of the tensor that the page before ended with
   */
  @PostMapping(
      path = "/v1/plans",
      consumes = MediaType.APPLICATION_JSON_VALUE,
      produces = MediaType.APPLICATION_JSON_VALUE)
  Object plan(
      @RequestBody JobSpec spec,
      @RequestParam(required = false) String include,
      @RequestParam(required = false) String after,
      @RequestParam(defaultValue = "1000")
          @Min(value = 1, message = "must be from 1 to 10000")
          @Max(value = 10_000, message = "must be from 1 to 10000")
          int limit) {
    if (include != null && !include.equals(TENSORS)) {
      throw refused(
          Problem.error("unknown-part", "include", include, "must be " + TENSORS)
              .allowing(List.of(TENSORS)));
    }
    if (include == null && after != null) {
      throw refused(
          Problem.error("unused-parameter", "after", after, "goes with include=tensors only"));
    }
    try {
      JobPlan plan = check.planned(spec);
      return new PlanView(plan, include == null ? null : page(plan, after, limit));
    } catch (SourceAwayException e) {
      return UnseenPlan.of(spec.model(), e.getMessage());
    }
  }

  private static TensorPage page(JobPlan plan, String after, int limit) {
    int from = after == null ? 0 : indexOf(plan, after) + 1;
    List<JobPlan.Tensor> rest = plan.tensors().subList(from, plan.tensors().size());
    List<JobPlan.Tensor> data = rest.subList(0, Math.min(limit, rest.size()));
    boolean more = rest.size() > data.size();
    return new TensorPage(data, more, more ? data.get(data.size() - 1).name() : null);
  }

  private static int indexOf(JobPlan plan, String name) {
    for (int i = 0; i < plan.tensors().size(); i++) {
      if (plan.tensors().get(i).name().equals(name)) {
        return i;
      }
    }
    throw refused(Problem.error("unknown-tensor", "after", name, "is no tensor of this plan"));
  }

  private static ProblemException refused(Problem fault) {
    return new ProblemException(ProblemType.INVALID_PARAMETER, List.of(fault));
  }
}
