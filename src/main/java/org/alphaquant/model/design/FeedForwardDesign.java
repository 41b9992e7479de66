package org.alphaquant.model.design;

import org.alphaquant.model.block.FeedForward;
import org.alphaquant.model.block.WeightReader;

/** A feed-forward block before it is loaded. */
public sealed interface FeedForwardDesign permits DenseDesign, MoeDesign, NoFeedForwardDesign {

  void outline(Outline outline, int layer);

  FeedForward load(WeightReader reader);
}
