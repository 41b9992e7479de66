package org.alphaquant.model.design;

/** How the experts of a layer lie in two fused tensors. */
public enum FusedLayout {
  /** [E, 2M, H], the gate's rows before those of up, and [E, H, M]. */
  GATE_FIRST,

  /** {@link InterleavedExperts}. */
  INTERLEAVED
}
