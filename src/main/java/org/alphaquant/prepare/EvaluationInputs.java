package org.alphaquant.prepare;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.alphaquant.calibration.Question;

/**
 * The inputs of an evaluation.
 *
 * @param windows token ids of the text [n][length]; empty without a text
 * @param compared number of windows, from the first on, whose outputs are compared with the
 *     original's
 * @param questions multiple-choice questions; may be empty
 * @param warnings for the report
 * @param texts the files of both
 */
public record EvaluationInputs(
    long[][] windows,
    int compared,
    List<Question> questions,
    List<String> warnings,
    List<Provenance.Text> texts) {

  /** Nothing. */
  public static final EvaluationInputs NONE =
      new EvaluationInputs(new long[0][], 0, List.of(), List.of(), List.of());

  public EvaluationInputs {
    questions = List.copyOf(questions);
    warnings = List.copyOf(warnings);
    texts = List.copyOf(texts);
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

  /** SHA-256 of all token ids and of which are compared, in hexadecimal digits. */
  public String sha256() {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      add(digest, new long[] {compared, windows.length});
      for (long[] window : windows) {
        add(digest, window);
      }
      for (Question question : questions) {
        add(digest, question.context());
        add(digest, new long[] {question.answer(), question.choices().size()});
        question.choices().forEach(choice -> add(digest, choice));
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every Java platform has SHA-256", impossible);
    }
  }

  private static void add(MessageDigest digest, long[] numbers) {
    ByteBuffer bytes = ByteBuffer.allocate((numbers.length + 1) * Long.BYTES);
    bytes.putLong(numbers.length);
    bytes.asLongBuffer().put(numbers);
    digest.update(bytes.rewind());
  }
}
