package org.alphaquant.storage.serving;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.alphaquant.problem.Problem;
import org.alphaquant.scheme.ModuleScheme;

/**
 * vLLM's kernels for experts of packed integers, in any format (fused_moe/oracle/int_wna16.py,
 * quantization/utils/marlin_utils.py).
 *
 * @param packed selects the experts that these kernels compute
 */
public record MarlinExperts(Predicate<ModuleScheme> packed) {

  /** Group sizes of the fast kernels; -1 for a whole row. */
  public static final Set<Integer> GROUPS = Set.of(-1, 32, 64, 128);

  private static final int WIDTH = 128;

  /** Both rules. */
  public List<ServingRule> rules() {
    return List.of(groups(), this::width);
  }

  private ServingRule groups() {
    return ModuleRule.error(
        "expert-group-size",
        "vLLM's expert kernels take groups of 32, 64 or 128, or whole rows",
        module -> packed.test(module) && !GROUPS.contains(module.scheme().groupSize()));
  }

  private Optional<Problem> width(ServedCheckpoint checkpoint) {
    long hidden = checkpoint.hidden();
    return ModuleRule.error(
            "expert-width",
            "vLLM's expert kernels need a hidden size that is a multiple of 128, and it is "
                + hidden,
            module -> packed.test(module) && hidden % WIDTH != 0)
        .check(checkpoint);
  }
}
