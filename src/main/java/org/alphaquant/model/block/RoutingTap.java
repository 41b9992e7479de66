package org.alphaquant.model.block;

import org.alphaquant.torch.TensorScope;

/** Observes a router's decisions, and may override them. */
public interface RoutingTap {

  /** Sees nothing and changes nothing. */
  RoutingTap NONE = (scope, microbatch, natural) -> natural;

  /**
   * Receives the routing of one microbatch.
   *
   * @param scope owns what is returned
   * @param microbatch its number within the stream
   * @return the routing to use
   */
  Routing routed(TensorScope scope, int microbatch, Routing natural);
}
