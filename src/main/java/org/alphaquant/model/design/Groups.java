package org.alphaquant.model.design;

import org.alphaquant.architecture.ModelException;

/** Checks that the numbers of experts, groups and choices of a router fit together. */
final class Groups {

  private Groups() {}

  static void check(long experts, int topK, int groups, int kept, int leastPerGroup) {
    if (topK > experts) {
      throw ModelException.config(
          "num_experts_per_tok", "is " + topK + " but there are " + experts + " experts");
    }
    if (experts % groups != 0 || (groups > 1 && experts / groups < leastPerGroup)) {
      throw ModelException.config(
          "n_group", "is " + groups + ", which does not split " + experts + " experts");
    }
    if (kept > groups) {
      throw ModelException.config("topk_group", "is " + kept + " of " + groups + " groups");
    }
    if (topK > experts / groups * kept) {
      throw ModelException.config(
          "num_experts_per_tok",
          "is " + topK + " but topk_group leaves " + experts / groups * kept + " experts");
    }
  }

  /** The groups to choose {@code count} experts in: one of all where the kept ones have too few. */
  static int widened(long experts, int count, int groups, int kept) {
    return count > experts / groups * kept ? 1 : groups;
  }
}
