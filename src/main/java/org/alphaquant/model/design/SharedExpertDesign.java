package org.alphaquant.model.design;

import java.util.Optional;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.model.block.SharedExpert;
import org.alphaquant.model.block.WeightReader;

/** The expert every token visits, with or without a gate [1, H] of its own. */
public record SharedExpertDesign(MlpDesign mlp, Optional<LinearDesign> gating) {

  /** Added plainly. */
  public SharedExpertDesign(MlpDesign mlp) {
    this(mlp, Optional.empty());
  }

  void outline(Outline outline, int layer) {
    mlp.outline(outline, ModuleKind.SHARED_EXPERT, layer);
    gating.ifPresent(gate -> outline.linear(gate, ModuleKind.SHARED_EXPERT_GATE, layer, -1));
  }

  SharedExpert load(WeightReader reader) {
    return new SharedExpert(mlp.load(reader), gating.map(gate -> gate.load(reader)));
  }
}
