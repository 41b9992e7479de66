package org.alphaquant.prepare;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;

/** Tries a model's tokenizer before a job that needs it is queued. */
public interface TokenizerTrial {

  /**
   * Loads the tokenizer of a folder and encodes a text with it, somewhere it can do no harm.
   *
   * @param vocabulary rows of the model's embedding
   */
  Verdict of(Path folder, long vocabulary);

  /**
   * The outcome.
   *
   * @param detail why the tokenizer cannot be used or was not tried; null where it works
   */
  record Verdict(Outcome outcome, String detail) {
    /** It works. */
    public static final Verdict USABLE = new Verdict(Outcome.USABLE, null);

    public Verdict {
      requireNonNull(outcome, "outcome is null");
      if ((detail == null) != (outcome == Outcome.USABLE)) {
        throw new IllegalArgumentException(outcome + " with the detail " + detail);
      }
    }

    public static Verdict refused(String detail) {
      return new Verdict(Outcome.REFUSED, detail);
    }

    public static Verdict notTried(String detail) {
      return new Verdict(Outcome.NOT_TRIED, detail);
    }
  }

  /** Kinds of verdicts. */
  enum Outcome {
    USABLE,
    REFUSED,
    NOT_TRIED
  }
}
