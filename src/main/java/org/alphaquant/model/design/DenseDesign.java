package org.alphaquant.model.design;

import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.model.DenseFeedForward;

/** A dense SwiGLU block behind its norm. */
public record DenseDesign(NormDesign norm, SwiGluDesign mlp, double residualFactor)
    implements FeedForwardDesign {

  @Override
  public void outline(Outline outline, int layer) {
    norm.outline(outline);
    mlp.outline(outline, ModuleKind.DENSE_MLP, layer, -1);
  }

  @Override
  public DenseFeedForward load(WeightReader reader) {
    return new DenseFeedForward(
        norm.load(reader),
        mlp.gate().load(reader),
        mlp.up().load(reader),
        mlp.down().load(reader),
        residualFactor);
  }
}
