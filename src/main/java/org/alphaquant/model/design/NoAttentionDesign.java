package org.alphaquant.model.design;

import org.alphaquant.model.block.NoAttention;
import org.alphaquant.model.block.WeightReader;

/** A layer that mixes no tokens: its feed-forward block is all there is. */
public record NoAttentionDesign() implements AttentionDesign {

  @Override
  public String kind() {
    return "none";
  }

  @Override
  public void outline(Outline outline, int layer) {}

  @Override
  public NoAttention load(WeightReader reader) {
    return new NoAttention();
  }
}
