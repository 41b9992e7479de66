package org.alphaquant.model.design;

import java.util.Optional;
import org.alphaquant.model.MoeFeedForward;
import org.alphaquant.model.SharedExpert;

/** A mixture-of-experts block behind its norm. */
public record MoeDesign(
    NormDesign norm,
    RouterDesign router,
    ExpertsDesign experts,
    Optional<SharedExpertDesign> shared,
    double residualFactor)
    implements FeedForwardDesign {

  @Override
  public void outline(Outline outline, int layer) {
    norm.outline(outline);
    router.outline(outline, layer);
    experts.outline(outline, layer);
    shared.ifPresent(expert -> expert.outline(outline, layer));
  }

  @Override
  public MoeFeedForward load(WeightReader reader) {
    SharedExpert loadedShared = shared.map(expert -> expert.load(reader)).orElse(null);
    return new MoeFeedForward(
        reader.scope(),
        norm.load(reader),
        router.load(reader),
        new StoredExperts(experts, reader),
        loadedShared,
        router.describe().topK(),
        residualFactor);
  }
}
