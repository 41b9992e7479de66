package org.alphaquant.model.design;

import java.util.Optional;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.model.SharedExpert;

/** The expert every token visits, with or without a gate [1, H] of its own. */
public record SharedExpertDesign(SwiGluDesign mlp, Optional<LinearDesign> gating) {

  void outline(Outline outline, int layer) {
    mlp.outline(outline, ModuleKind.SHARED_EXPERT, layer, -1);
    gating.ifPresent(gate -> outline.linear(gate, ModuleKind.SHARED_EXPERT_GATE, layer, -1));
  }

  SharedExpert load(WeightReader reader) {
    return new SharedExpert(
        mlp.gate().load(reader),
        mlp.up().load(reader),
        mlp.down().load(reader),
        gating.map(gate -> gate.load(reader)));
  }
}
