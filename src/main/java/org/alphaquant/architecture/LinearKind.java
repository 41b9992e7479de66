package org.alphaquant.architecture;

/** The part that a linear plays in its layer. */
public enum LinearKind {
  ATTENTION,
  DENSE_MLP,
  SHARED_EXPERT,
  SHARED_EXPERT_GATE,
  EXPERT,
  ROUTER,
  HEAD
}
