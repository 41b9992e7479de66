package org.alphaquant.prepare;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.alphaquant.job.RotationRequest;
import org.alphaquant.problem.Problem;
import org.alphaquant.rotation.RotationProblems;

/** The reasons against a requested rotation. */
record RotationPlan(PreparedJob job) {

  /** Why it cannot be done: a sentence. */
  List<Problem> problems() {
    RotationRequest asked = job.spec().rotation();
    if (asked == null) {
      return List.of();
    }
    return RotationProblems.of(job.model(), asked)
        .or(this::others)
        .map(detail -> Problem.error("not-rotatable", "/rotation", null, detail))
        .map(List::of)
        .orElse(List.of());
  }

  // Parts of the model that are only copied would read or write an unrotated stream.
  private Optional<String> others() {
    Set<String> known = Set.of("inv_freq", "cos_cached", "sin_cached", "k_scale", "v_scale");
    return job.description().unread().stream()
        .filter(name -> !known.contains(name.substring(name.lastIndexOf('.') + 1)))
        .findFirst()
        .map(
            "%s takes no part in what is quantized here, would be copied, and would meet another residual stream than it was trained on"
                ::formatted);
  }
}
