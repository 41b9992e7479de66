package org.alphaquant.scheme;

import java.util.Locale;
import tools.jackson.databind.JsonNode;

/** JSON values as findings show them: shortened. */
final class JsonValue {
  private static final int LONGEST = 100;

  private JsonValue() {}

  /** The value as JSON, or null where there is none. */
  static String shown(JsonNode value) {
    if (value == null || value.isMissingNode()) {
      return null;
    }
    return value.isString() ? cut(value.stringValue()) : cut(value.toString());
  }

  static String type(JsonNode value) {
    return switch (value.getNodeType()) {
      case NULL -> "null";
      case ARRAY, OBJECT -> "an " + value.getNodeType().name().toLowerCase(Locale.ROOT);
      case STRING -> "the string " + quote(value.stringValue());
      default -> shown(value);
    };
  }

  static String quote(String text) {
    return "\"" + cut(text) + "\"";
  }

  static String cut(String text) {
    return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "…";
  }
}
