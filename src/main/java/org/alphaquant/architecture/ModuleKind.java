package org.alphaquant.architecture;

import java.util.Locale;

/** What a module does in the model; decides whether it is quantized without being named. */
public enum ModuleKind {
  ATTENTION,
  DENSE_MLP,
  SHARED_EXPERT,
  EXPERT,
  ROUTER,
  SHARED_EXPERT_GATE,
  HEAD,
  EMBEDDING,
  NORM,
  /** Takes no part in the forward pass, a layer that predicts further tokens for example. */
  UNREAD;

  /** Left alone unless an override names it. */
  public boolean isProtected() {
    return compareTo(ROUTER) >= 0;
  }

  /** Whether its weight can be quantized. */
  public boolean isQuantizable() {
    return compareTo(NORM) < 0;
  }

  /** For people: {@code shared expert gate}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
