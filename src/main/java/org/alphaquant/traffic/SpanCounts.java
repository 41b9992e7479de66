package org.alphaquant.traffic;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import org.alphaquant.model.block.Routing;
import org.alphaquant.model.block.RoutingTap;
import org.alphaquant.torch.TensorScope;

/** Counts the experts of one layer that every span of a text is sent to. */
final class SpanCounts implements RoutingTap {

  private final TensorScope owner;
  private final int experts;
  private final int length;
  private final int span;
  private final NDList parts = new NDList();

  /**
   * @param owner owns the counts
   * @param length tokens of a sample
   * @param span tokens of a span
   */
  SpanCounts(TensorScope owner, int experts, int length, int span) {
    this.owner = owner;
    this.experts = experts;
    this.length = length;
    this.span = span;
  }

  @Override
  public Routing routed(TensorScope parent, int microbatch, Routing natural) {
    try (TensorScope scope = parent.child("spans")) {
      NDArray counts = scope.run("traffic.spans", natural.experts(), experts, length, span);
      parts.add(scope.keep(owner, counts));
    }
    return natural;
  }

  /** Of all samples, float32 [spans, E]. */
  NDArray counts() {
    return owner.run("tensor.concatenate", parts);
  }
}
