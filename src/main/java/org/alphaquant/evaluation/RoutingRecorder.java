package org.alphaquant.evaluation;

import ai.djl.ndarray.NDList;
import org.alphaquant.model.block.Routing;
import org.alphaquant.model.block.RoutingTap;
import org.alphaquant.torch.TensorScope;

/** Keeps the routing of a layer's first rows, microbatch by microbatch. */
final class RoutingRecorder implements RoutingTap {

  private final TensorScope owner;
  private final NDList experts = new NDList();
  private final NDList weights = new NDList();
  private final long limit;
  private long seen;

  /**
   * @param owner owns what is kept
   * @param limit rows to keep
   */
  RoutingRecorder(TensorScope owner, long limit) {
    this.owner = owner;
    this.limit = limit;
  }

  @Override
  public Routing routed(TensorScope scope, int microbatch, Routing natural) {
    if (seen < limit) {
      long count = Math.min(limit - seen, natural.experts().getShape().get(0));
      experts.add(owner.run("evaluation.first_rows", natural.experts(), count));
      weights.add(owner.run("evaluation.first_rows", natural.weights(), count));
      seen += count;
    }
    return natural;
  }

  boolean isEmpty() {
    return experts.isEmpty();
  }

  /** What was kept: [limit, k]. */
  Routing routing(TensorScope scope) {
    return new Routing(
        scope.run("tensor.concatenate", experts), scope.run("tensor.concatenate", weights));
  }
}
