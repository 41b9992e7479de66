package org.alphaquant.calibration;

import java.util.List;

/**
 * A multiple-choice question as token ids.
 *
 * @param context precedes every choice; at least one token
 * @param choices the tokens of each choice, none of them empty
 * @param answer index of the right one
 */
public record Question(long[] context, List<long[]> choices, int answer) {

  public Question {
    choices = List.copyOf(choices);
    if (context.length == 0 || choices.stream().anyMatch(choice -> choice.length == 0)) {
      throw new IllegalArgumentException("a context or a choice has no tokens");
    }
    if (answer < 0 || answer >= choices.size()) {
      throw new IllegalArgumentException("answer %d of %d".formatted(answer, choices.size()));
    }
  }
}
