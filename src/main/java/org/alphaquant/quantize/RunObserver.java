package org.alphaquant.quantize;

import org.alphaquant.moe.Utilization;

/** Told of a run's progress, between units of work; may end the run by throwing. */
public interface RunObserver {

  /** Nobody is told. */
  RunObserver NONE = new RunObserver() {};

  /** The phases of a run, in order. */
  enum Phase {
    PREPARE,
    EVALUATE_BEFORE,
    QUANTIZE,
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

  /** Something a person should know, that is no failure. */
  default void warning(String message) {}
}
