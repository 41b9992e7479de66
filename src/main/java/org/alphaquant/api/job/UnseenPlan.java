package org.alphaquant.api.job;

import java.util.List;
import org.alphaquant.problem.Problem;

/**
 * The plan of a job whose model cannot be read now; the run will check it.
 *
 * @param warnings why it cannot be read
 */
record UnseenPlan(String model, List<Problem> warnings) {

  static UnseenPlan of(String model, String reason) {
    String detail = "The model could not be looked at: " + reason + ". The run will tell.";
    return new UnseenPlan(model, List.of(Problem.note("model-away", "/model", model, detail)));
  }
}
