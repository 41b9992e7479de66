package org.alphaquant.prepare;

import java.util.ArrayList;
import java.util.List;
import org.alphaquant.job.CalibrationRequest;
import org.alphaquant.job.JobKind;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.LadderStep;
import org.alphaquant.job.plan.JobPlan;
import org.alphaquant.problem.Problem;
import org.alphaquant.scheme.InvalidConfigException;

/** The sizes of a job's ladder, and the reasons against them. */
record LadderPlan(PreparedJob job) {

  /** Of all sizes, each under its place in the ladder. */
  List<Problem> problems() {
    List<Problem> problems = new ArrayList<>();
    for (int i = 0; i < steps().size(); i++) {
      String place = "/ladder/" + i;
      problems(steps().get(i)).forEach(problem -> problems.add(problem.below(place)));
    }
    return problems;
  }

  private List<Problem> problems(LadderStep step) {
    try {
      PreparedJob own = prepared(step);
      List<Problem> problems = new ArrayList<>();
      own.plan().errors().forEach(error -> problems.add(InputProblems.of(error)));
      if (step.output() != null) {
        problems.addAll(OutputChoice.problems(step.output()));
      }
      if (problems.isEmpty()) {
        AllocationPlan.of(own).ifPresent(choice -> problems.addAll(choice.problems()));
      }
      return problems;
    } catch (InvalidConfigException e) {
      return e.findings().stream().map(InputProblems::of).toList();
    }
  }

  /** The sizes as they will be; of one with a budget, what that allows. Null without a ladder. */
  List<JobPlan.Rung> rungs() {
    return job.spec().ladder() == null || job.spec().kind() != JobKind.QUANTIZATION
        ? null
        : steps().stream().map(this::rung).toList();
  }

  private JobPlan.Rung rung(LadderStep step) {
    PreparedJob own = prepared(step);
    String format = own.plan().format().name();
    return step.asBudget() == null
        ? new JobPlan.Rung(
            step.name(), format, own.plan().bitsPerWeight(), own.plan().outputBytes())
        : new JobPlan.Rung(step.name(), format, step.asBudget().bitsPerWeight(), null);
  }

  private List<LadderStep> steps() {
    return job.spec().ladder() == null ? List.of() : job.spec().ladder();
  }

  private PreparedJob prepared(LadderStep step) {
    JobSpec spec = job.spec();
    CalibrationRequest calibration = spec.calibration();
    return job.with(
        spec.step(step, calibration.id() == null ? calibration.sequential(true) : calibration));
  }
}
