package org.alphaquant.api.job;

import java.util.List;
import org.alphaquant.problem.Problem;

/**
 * What is known of a job whose model cannot be looked at now: that the run will look.
 *
 * @param warnings why
 */
record UnseenPlan(String model, List<Problem> warnings) {

  static UnseenPlan of(String model, String reason) {
    String detail = "The model could not be looked at: " + reason + ". The run will tell.";
    return new UnseenPlan(model, List.of(Problem.note("model-away", "/model", model, detail)));
  }
}
