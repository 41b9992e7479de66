package org.alphaquant.quantize;

import org.alphaquant.moe.Utilization;

/** Receives a run's progress between units of work; an exception from it ends the run. */
public interface RunObserver {

  /** Ignores everything. */
  RunObserver NONE = new RunObserver() {};

  /** The phases of a run, in order. */
  enum Phase {
    PREPARE,
    WRITE_TEXT,
    WEIGH_TEXT,
    EVALUATE_BEFORE,
    ALLOCATE,
    QUANTIZE,
    SAMPLE,
    DISTILL,
    WRITE,
    EVALUATE_AFTER;

    public String jsonName() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  /** {@code done} of {@code of} units of the phase are finished. */
  default void progress(Phase phase, int done, int of) {}

  /** A layer's routing was counted. */
  default void routed(Utilization utilization) {}

  /** A finding for the user that does not fail the run. */
  default void warning(String message) {}
}
