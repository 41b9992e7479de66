package org.alphaquant.scheme;

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
  NORM;

  /** Left alone unless an override names it: see {@link QuantizationConfig}. */
  public boolean isProtected() {
    return compareTo(ROUTER) >= 0;
  }

  /** Whether its weight is a matrix that inputs are multiplied with. */
  public boolean isLinear() {
    return this != EMBEDDING && this != NORM;
  }

  /** For people: {@code shared expert gate}. */
  String label() {
    return name().toLowerCase(java.util.Locale.ROOT).replace('_', ' ');
  }
}
