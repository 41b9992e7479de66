package org.alphaquant.api.json;

import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.json.JsonMapper;

/** Java types and tokens in the words of JSON, because clients do not know the former. */
public final class JsonTypes {

  private static final JsonMapper NAMES = JsonMapper.shared();

  private JsonTypes() {}

  public static String name(Class<?> type) {
    if (type.isEnum()) {
      return "one of " + String.join(", ", values(type));
    }
    if (type == Boolean.class || type == boolean.class) {
      return "true or false";
    }
    if (type == Integer.class || type == int.class || type == Long.class || type == long.class) {
      return "a whole number";
    }
    if (Number.class.isAssignableFrom(type) || type.isPrimitive()) {
      return "a number";
    }
    return nameOfOther(type);
  }

  private static String nameOfOther(Class<?> type) {
    if (CharSequence.class.isAssignableFrom(type)) {
      return "a string";
    }
    if (Collection.class.isAssignableFrom(type) || type.isArray()) {
      return "an array";
    }
    if (type == UUID.class) {
      return "a UUID";
    }
    return type == Instant.class ? "a time (RFC 3339)" : "an object";
  }

  public static String name(JsonToken token) {
    return switch (token) {
      case START_OBJECT, END_OBJECT, PROPERTY_NAME -> "an object";
      case START_ARRAY, END_ARRAY -> "an array";
      case VALUE_NULL -> "null";
      default -> "a value";
    };
  }

  /** The names of an enumeration's values as they are in JSON; null for any other type. */
  public static List<String> values(Class<?> type) {
    return type.isEnum()
        ? Arrays.stream(type.getEnumConstants())
            .map(constant -> NAMES.convertValue(constant, String.class))
            .toList()
        : null;
  }
}
