package org.alphaquant.api.job;

import java.util.List;
import java.util.regex.Pattern;
import org.alphaquant.api.problem.ProblemException;
import org.alphaquant.api.problem.ProblemType;
import org.alphaquant.problem.Problem;

/** The Idempotency-Key header, as a quoted or bare string. */
final class IdempotencyKey {

  static final String HEADER = "Idempotency-Key";
  static final String REPLAYED = "Idempotency-Replayed";

  private static final Pattern VISIBLE = Pattern.compile("[\\x21-\\x7e]{1,255}");

  private IdempotencyKey() {}

  /**
   * @param header the header's value, or null without one
   * @return the key without quotes, or null without one
   */
  static String parse(String header) {
    if (header == null) {
      return null;
    }
    String key = unquoted(header.strip());
    if (!VISIBLE.matcher(key).matches()) {
      Problem fault =
          Problem.error(
              "malformed-key", HEADER, header, "must be 1 to 255 visible ASCII characters");
      throw new ProblemException(ProblemType.INVALID_HEADER, List.of(fault));
    }
    return key;
  }

  private static String unquoted(String text) {
    boolean quoted = text.length() >= 2 && text.startsWith("\"") && text.endsWith("\"");
    return quoted ? text.substring(1, text.length() - 1) : text;
  }
}
