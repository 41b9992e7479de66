package org.alphaquant.storage.gptq;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.alphaquant.problem.Problem;
import org.alphaquant.storage.serving.ServedCheckpoint;
import org.alphaquant.storage.serving.ServingRule;

/**
 * vLLM judges its fast expert kernel by the base group size alone, and the slower one ignores every
 * other rule ({@code quantization/auto_gptq.py}), so all experts need the same group size.
 */
record ExpertGroupRule() implements ServingRule {

  @Override
  public Optional<Problem> check(ServedCheckpoint checkpoint) {
    List<Integer> sizes =
        checkpoint
            .experts()
            .filter(module -> module.isQuantized())
            .map(module -> module.scheme().groupSize())
            .distinct()
            .toList();
    if (sizes.size() <= 1) {
      return Optional.empty();
    }
    String shown = sizes.stream().map(String::valueOf).collect(Collectors.joining(", "));
    String detail = "vLLM reads all GPTQ experts with one group size, but they have " + shown;
    return Optional.of(Problem.error("gptq-expert-group-size", "", shown, detail));
  }
}
