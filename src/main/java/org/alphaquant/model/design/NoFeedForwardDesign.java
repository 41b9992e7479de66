package org.alphaquant.model.design;

import org.alphaquant.model.block.NoFeedForward;
import org.alphaquant.model.block.WeightReader;

/** A layer whose token-mixing block is all there is. */
public record NoFeedForwardDesign() implements FeedForwardDesign {

  @Override
  public void outline(Outline outline, int layer) {}

  @Override
  public NoFeedForward load(WeightReader reader) {
    return new NoFeedForward();
  }
}
