package org.alphaquant.job;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The nested jobs of a ladder. */
final class JobLadder {

  private static final int MOST_STEPS = 16;

  private JobLadder() {}

  /** The steps with a name each; null where there are none. */
  static List<LadderStep> checked(
      List<LadderStep> ladder, JobKind kind, Recipe recipe, CalibrationRequest calibration) {
    if (ladder == null) {
      if (!calibration.sequential() && calibration.id() == null && kind != JobKind.CALIBRATION) {
        throw new SpecException(
            "calibration/sequential", false, "true, or a kept calibration or a ladder given");
      }
      return null;
    }
    if (kind != JobKind.QUANTIZATION && kind != JobKind.CALIBRATION) {
      throw new SpecException(
          "ladder", "given with the kind " + kind.jsonName(), "left out, or the kind quantization");
    }
    if (recipe == Recipe.ALLOCATE) {
      throw new SpecException(
          "ladder", "given with the recipe allocate", "with budgets in its steps instead");
    }
    Limits.size("ladder", ladder, 1, MOST_STEPS);
    Set<String> names = new HashSet<>();
    List<LadderStep> named = new ArrayList<>();
    for (int i = 0; i < ladder.size(); i++) {
      LadderStep step = ladder.get(i);
      LadderStep own = step.name() == null ? step.named(free(step.described(), names)) : step;
      if (!names.add(own.name())) {
        throw new SpecException("ladder/" + i + "/name", own.name(), "another name than before");
      }
      named.add(own);
    }
    return List.copyOf(named);
  }

  private static String free(String name, Set<String> taken) {
    String free = name;
    for (int i = 2; taken.contains(free); i++) {
      free = name + "-" + i;
    }
    return free;
  }

  /** The job that keeps the calibration of all sizes. */
  static JobSpec calibration(JobSpec job) {
    return single(job)
        .kind(JobKind.CALIBRATION)
        .recipe(Recipe.MOE)
        .budget(null)
        .distill(null)
        .output(null)
        .spec();
  }

  /** The job of one size. */
  static JobSpec step(JobSpec job, LadderStep step, CalibrationRequest calibration) {
    Budget budget = step.asBudget();
    boolean allocates = budget != null && job.recipe() != Recipe.DISTILL;
    return single(job)
        .kind(JobKind.QUANTIZATION)
        .recipe(allocates ? Recipe.ALLOCATE : job.recipe())
        .config(step.configuration(job.config()))
        .budget(budget)
        .ladder(null)
        .calibration(calibration)
        .output(step.output() == null ? job.output() : step.output())
        .spec();
  }

  // Fields that nested jobs leave to the ladder's own job.
  private static JobSpecCopy single(JobSpec job) {
    return job.copy().contract(null).adaptive(null).rotation(null).webhook(null);
  }
}
