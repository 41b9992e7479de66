package org.alphaquant.model.design;

import java.util.Optional;
import org.alphaquant.model.block.MoeFeedForward;
import org.alphaquant.model.block.SharedExpert;
import org.alphaquant.model.block.WeightReader;

/**
 * A mixture-of-experts block.
 *
 * @param branches what sets its branches apart; mostly nothing
 */
public record MoeDesign(
    ResidualDesign residual,
    RouterDesign router,
    ExpertsDesign experts,
    Optional<SharedExpertDesign> shared,
    BranchesDesign branches)
    implements FeedForwardDesign {

  /** Whose branches read the same and are added up. */
  public MoeDesign(
      ResidualDesign residual,
      RouterDesign router,
      ExpertsDesign experts,
      Optional<SharedExpertDesign> shared) {
    this(residual, router, experts, shared, BranchesDesign.NONE);
  }

  @Override
  public void outline(Outline outline, int layer) {
    residual.outline(outline);
    router.outline(outline, layer);
    experts.outline(outline, layer);
    shared.ifPresent(expert -> expert.outline(outline, layer));
    branches.outline(outline);
  }

  @Override
  public MoeFeedForward load(WeightReader reader) {
    SharedExpert loadedShared = shared.map(expert -> expert.load(reader)).orElse(null);
    return new MoeFeedForward(
        reader.scope(),
        residual.load(reader),
        router.load(reader),
        experts.load(reader),
        loadedShared,
        branches.load(reader),
        router.describe().topK());
  }
}
