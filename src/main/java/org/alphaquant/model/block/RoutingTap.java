package org.alphaquant.model.block;

import org.alphaquant.torch.TensorScope;

/** Sees what a router decided, and may decide otherwise. */
public interface RoutingTap {

  /** Sees nothing and changes nothing. */
  RoutingTap NONE = (scope, microbatch, natural) -> natural;

  /**
   * Told the routing of one microbatch.
   *
   * @param scope owns what is returned
   * @param microbatch its number within the stream
   * @return where its tokens are sent
   */
  Routing routed(TensorScope scope, int microbatch, Routing natural);
}
