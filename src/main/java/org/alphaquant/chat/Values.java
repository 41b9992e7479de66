package org.alphaquant.chat;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * The values of templates. They are null (none), {@link Undefined}, Boolean, Long, Double, String,
 * List, Map, {@link Namespace}, {@link Callable} and {@link LoopState}.
 */
final class Values {
  private Values() {}

  static boolean isTrue(Object value) {
    if (value == null || value == Undefined.VALUE) {
      return false;
    }
    if (value instanceof Boolean truth) {
      return truth;
    }
    if (value instanceof Number number) {
      return number.doubleValue() != 0;
    }
    if (value instanceof String text) {
      return !text.isEmpty();
    }
    if (value instanceof Collection<?> elements) {
      return !elements.isEmpty();
    }
    return !(value instanceof Map<?, ?> map) || !map.isEmpty();
  }

  /** As it is printed. */
  static String text(Object value) {
    if (value instanceof String text) {
      return text;
    }
    return value == Undefined.VALUE ? "" : Representation.of(value);
  }

  static String string(Object value) {
    if (value instanceof String text) {
      return text;
    }
    throw new TemplateException(kind(value) + " where a text is needed");
  }

  /** Whether it is a whole number, of data also one beyond 64 bits, which can only be written. */
  static boolean isWhole(Object value) {
    return value instanceof Long || value instanceof BigInteger;
  }

  static int integer(Object value) {
    if (value instanceof Boolean truth) {
      return truth ? 1 : 0;
    }
    if (value instanceof Long number && number.intValue() == number) {
      return number.intValue();
    }
    throw new TemplateException(kind(value) + " where a whole number is needed");
  }

  /** The elements that a loop over the value visits. */
  static List<Object> elements(Object value) {
    if (value == Undefined.VALUE) {
      return List.of();
    }
    if (value instanceof Collection<?> elements) {
      return new ArrayList<>(elements);
    }
    if (value instanceof Map<?, ?> map) {
      return new ArrayList<>(map.keySet());
    }
    if (value instanceof String text) {
      return new ArrayList<>(text.codePoints().mapToObj(Character::toString).toList());
    }
    throw new TemplateException(kind(value) + " has no elements");
  }

  static long length(Object value) {
    if (value instanceof String text) {
      return text.codePointCount(0, text.length());
    }
    return value instanceof Map<?, ?> map ? map.size() : elements(value).size();
  }

  /** For messages. */
  static String kind(Object value) {
    if (value == null) {
      return "none";
    }
    if (value == Undefined.VALUE) {
      return "an undefined value";
    }
    if (value instanceof Boolean) {
      return "a boolean";
    }
    if (value instanceof Number) {
      return "a number";
    }
    if (value instanceof String) {
      return "a text";
    }
    return value instanceof Map ? "a mapping" : value instanceof List ? "a list" : "a function";
  }
}
