package org.alphaquant.evaluation;

import org.alphaquant.model.block.Routing;
import org.alphaquant.model.block.RoutingTap;
import org.alphaquant.torch.TensorScope;

/** Sends every token where the original model sent it. */
final class OriginalRouting implements RoutingTap {

  private final Routing original;
  private long seen;

  OriginalRouting(Routing original) {
    this.original = original;
  }

  @Override
  public Routing routed(TensorScope scope, int microbatch, Routing natural) {
    long first = seen;
    seen += natural.experts().getShape().get(0);
    return new Routing(
        scope.run("evaluation.some_rows", original.experts(), first, seen),
        scope.run("evaluation.some_rows", original.weights(), first, seen));
  }
}
