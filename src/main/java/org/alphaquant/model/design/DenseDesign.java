package org.alphaquant.model.design;

import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.model.block.DenseFeedForward;
import org.alphaquant.model.block.WeightReader;

/** A feed-forward block that every token passes. */
public record DenseDesign(ResidualDesign residual, MlpDesign mlp) implements FeedForwardDesign {

  @Override
  public void outline(Outline outline, int layer) {
    residual.outline(outline);
    mlp.outline(outline, ModuleKind.DENSE_MLP, layer);
  }

  @Override
  public DenseFeedForward load(WeightReader reader) {
    return new DenseFeedForward(residual.load(reader), mlp.load(reader));
  }
}
