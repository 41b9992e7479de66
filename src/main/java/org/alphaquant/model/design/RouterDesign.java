package org.alphaquant.model.design;

import org.alphaquant.architecture.RoutingDescription;
import org.alphaquant.model.block.Router;
import org.alphaquant.model.block.WeightReader;

/** A router before it is loaded. */
public interface RouterDesign {

  /** The linear that makes logits, [E, H]. */
  LinearDesign linear();

  RoutingDescription describe();

  /** Requires the router's tensors. */
  void outline(Outline outline, int layer);

  Router load(WeightReader reader);
}
