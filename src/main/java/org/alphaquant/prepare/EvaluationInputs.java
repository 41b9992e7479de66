package org.alphaquant.prepare;

import java.util.List;
import org.alphaquant.calibration.Question;

/**
 * What a model is measured on.
 *
 * @param windows token ids of the text [n][length]; none where there is no text
 * @param compared how many of them, from the first on, are compared with another model's outputs
 * @param questions multiple-choice questions; none where there are none
 * @param warnings what a person should know of them
 */
public record EvaluationInputs(
    long[][] windows, int compared, List<Question> questions, List<String> warnings) {

  /** Nothing. */
  public static final EvaluationInputs NONE =
      new EvaluationInputs(new long[0][], 0, List.of(), List.of());

  public EvaluationInputs {
    questions = List.copyOf(questions);
    warnings = List.copyOf(warnings);
    if (compared > windows.length) {
      throw new IllegalArgumentException(
          "%d of %d windows to compare".formatted(compared, windows.length));
    }
  }

  /** Tokens of all windows and questions, each choice a sequence of its own. */
  public long tokens() {
    long tokens = 0;
    for (long[] window : windows) {
      tokens += window.length;
    }
    for (Question question : questions) {
      for (long[] choice : question.choices()) {
        tokens += question.context().length + choice.length;
      }
    }
    return tokens;
  }
}
