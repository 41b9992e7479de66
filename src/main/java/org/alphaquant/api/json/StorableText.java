package org.alphaquant.api.json;

import java.util.ArrayList;
import java.util.List;
import org.alphaquant.problem.Problem;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.json.JsonMapper;

/**
 * Text that can be stored: PostgreSQL's text and jsonb hold no U+0000, and half of a surrogate pair
 * is no character in any encoding. The one place that refuses both, for bodies and parameters.
 */
public final class StorableText {
  /** Code of its problems. */
  public static final String CODE = "unstorable-text";

  private static final int MAX_FAULTS = 50;

  private StorableText() {}

  /** The fault of the text, or null. */
  public static String fault(String text) {
    for (int i = 0; i < text.length(); i++) {
      char unit = text.charAt(i);
      if (unit == 0) {
        return "must not hold U+0000";
      }
      if (Character.isSurrogate(unit)) {
        boolean pair =
            Character.isHighSurrogate(unit)
                && i + 1 < text.length()
                && Character.isLowSurrogate(text.charAt(i + 1));
        if (!pair) {
          return "must not hold half of a surrogate pair (U+%04X)".formatted((int) unit);
        }
        i++;
      }
    }
    return null;
  }

  /** A fault for every name and value of a JSON document that cannot be stored. */
  static List<Problem> faults(JsonMapper mapper, byte[] body) {
    List<Problem> faults = new ArrayList<>();
    try (JsonParser parser = mapper.createParser(body)) {
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        if (token == JsonToken.PROPERTY_NAME || token == JsonToken.VALUE_STRING) {
          String fault = fault(parser.getString());
          if (fault != null && faults.size() < MAX_FAULTS) {
            faults.add(
                Problem.error(
                    CODE, parser.streamReadContext().pathAsPointer().toString(), null, fault));
          }
        }
      }
    }
    return faults;
  }
}
