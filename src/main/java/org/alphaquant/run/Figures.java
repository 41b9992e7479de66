package org.alphaquant.run;

import org.alphaquant.measure.Accuracy;
import org.alphaquant.measure.Divergence;
import org.alphaquant.measure.PerplexityChange;

/** All figures of a finished evaluation; null where something was not measured. */
record Figures(PerplexityChange perplexity, Divergence divergence, Accuracy choices) {

  /** Of a run that measures nothing. */
  static final Figures NONE = new Figures(null, null, null);

  /**
   * @param before null where a model was measured alone
   * @param divergence null where it was
   */
  static Figures of(Measured before, Measured after, Divergence divergence) {
    return new Figures(
        after.losses() == null
            ? null
            : PerplexityChange.of(before == null ? null : before.losses(), after.losses()),
        divergence,
        after.answers() == null
            ? null
            : Accuracy.of(before == null ? null : before.answers(), after.answers()));
  }
}
