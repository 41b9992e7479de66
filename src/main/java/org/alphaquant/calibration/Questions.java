package org.alphaquant.calibration;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.alphaquant.calibration.CalibrationException.Kind;
import tools.jackson.databind.JsonNode;

/**
 * Reads multiple-choice questions, one row each: {@code {"context": …, "choices": […], "answer":
 * 2}} has its choices continue the context; {@code {"question": …, "choices": […], "answer": "C"}},
 * as MMLU has them, is asked with its choices listed and answered by a letter, or by the choices'
 * own texts. The answer is an index from 0 or a letter.
 */
public final class Questions {

  /** Most questions of one file; each runs once for every choice. */
  public static final int MOST = 10_000;

  private static final int MOST_CHOICES = 26;

  private final Tokenizer tokenizer;
  private final boolean letters;

  private Questions(Tokenizer tokenizer, boolean letters) {
    this.tokenizer = tokenizer;
    this.letters = letters;
  }

  /**
   * Reads and encodes all questions of a file, without special tokens.
   *
   * @param name of the file, for messages
   * @param letters whether a {@code question} is answered by a letter
   * @throws CalibrationException if a row is no question, or there are none or too many
   */
  public static List<Question> read(
      TextSource source, String name, boolean letters, Tokenizer tokenizer) {
    if (!(source instanceof TextSource.Rows file)) {
      throw new CalibrationException(
          Kind.TEXT_FILE, "'%s' has no rows; questions are JSON lines".formatted(name));
    }
    Questions reader = new Questions(tokenizer, letters);
    List<Question> questions = new ArrayList<>();
    try (Rows rows = Documents.rows(file.file(), file.format())) {
      for (Optional<JsonNode> row = rows.next(); row.isPresent(); row = rows.next()) {
        if (questions.size() == MOST) {
          throw new CalibrationException(
              Kind.TEXT_FILE, "'%s' has more than %d questions".formatted(name, MOST));
        }
        questions.add(reader.question(row.get(), rows.at()));
      }
    }
    if (questions.isEmpty()) {
      throw new CalibrationException(Kind.TOO_LITTLE_TEXT, "'%s' has no questions".formatted(name));
    }
    return questions;
  }

  private Question question(JsonNode row, String at) {
    List<String> choices = choices(row, at);
    int answer = answer(row.get("answer"), choices.size(), at);
    boolean asked = row.path("question").isString();
    if (!asked && !row.path("context").isString()) {
      throw bad(at, "has neither a text 'question' nor a text 'context'");
    }
    String context = asked ? asked(row, choices) : row.get("context").stringValue();
    List<String> continuations =
        asked && letters
            ? IntStream.range(0, choices.size()).mapToObj(i -> " " + letter(i)).toList()
            : choices.stream().map(choice -> continued(context, choice)).toList();
    return encoded(context, continuations, answer, at);
  }

  private String asked(JsonNode row, List<String> choices) {
    StringBuilder text = new StringBuilder(row.get("question").stringValue().strip());
    if (letters) {
      for (int i = 0; i < choices.size(); i++) {
        text.append('\n').append(letter(i)).append(". ").append(choices.get(i).strip());
      }
    }
    return text.append("\nAnswer:").toString();
  }

  private static String continued(String context, String choice) {
    boolean apart =
        choice.startsWith(" ")
            || choice.startsWith("\n")
            || context.endsWith(" ")
            || context.endsWith("\n");
    return apart ? choice : " " + choice;
  }

  // Tokens may span the end of the context: the choice is what follows the context's own length.
  private Question encoded(String context, List<String> continuations, int answer, String at) {
    long[] before = tokenizer.encodeWithoutSpecialTokens(context);
    List<long[]> choices = new ArrayList<>();
    for (String continuation : continuations) {
      long[] whole = tokenizer.encodeWithoutSpecialTokens(context + continuation);
      if (before.length == 0 || whole.length <= before.length) {
        throw bad(at, "has a context or a choice without tokens");
      }
      choices.add(Arrays.copyOfRange(whole, before.length, whole.length));
    }
    return new Question(before, choices, answer);
  }

  private static List<String> choices(JsonNode row, String at) {
    JsonNode array = row.path("choices");
    if (!array.isArray() || array.size() < 2 || array.size() > MOST_CHOICES) {
      throw bad(at, "has no array 'choices' of 2 to %d texts".formatted(MOST_CHOICES));
    }
    List<String> choices = new ArrayList<>();
    for (JsonNode choice : array) {
      if (!choice.isString()) {
        throw bad(at, "has a choice that is not a text: " + Excerpt.of(choice.toString()));
      }
      choices.add(choice.stringValue());
    }
    return choices;
  }

  private static int answer(JsonNode answer, int choices, String at) {
    int index = -1;
    if (answer != null && answer.isIntegralNumber() && answer.canConvertToInt()) {
      index = answer.intValue();
    } else if (answer != null && answer.isString() && answer.stringValue().length() == 1) {
      index = Character.toUpperCase(answer.stringValue().charAt(0)) - 'A';
    }
    if (index < 0 || index >= choices) {
      throw bad(
          at,
          "has the answer %s; it must be an index from 0 to %d or a letter from A to %s"
              .formatted(answer, choices - 1, letter(choices - 1)));
    }
    return index;
  }

  private static String letter(int index) {
    return String.valueOf((char) ('A' + index));
  }

  private static CalibrationException bad(String at, String what) {
    return new CalibrationException(Kind.BAD_LINE, at + ": the row " + what);
  }
}
