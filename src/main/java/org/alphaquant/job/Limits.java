package org.alphaquant.job;

import java.util.Collection;

/** Checks of specification values. Each returns the value or throws with what is allowed. */
public final class Limits {
  private Limits() {}

  static <T> T orElse(T value, T fallback) {
    return value == null ? fallback : value;
  }

  static long within(String field, long value, long least, long most) {
    if (value < least || value > most) {
      throw new SpecException(field, value, "from %d to %d".formatted(least, most));
    }
    return value;
  }

  static double within(String field, double value, double least, double most) {
    if (!(value >= least && value <= most)) {
      throw new SpecException(field, value, "from %s to %s".formatted(least, most));
    }
    return value;
  }

  /** Checks limits, of which the lower one is exclusive. */
  static double above(String field, double value, double least, double most) {
    if (!(value > least && value <= most)) {
      throw new SpecException(field, value, "above %s and at most %s".formatted(least, most));
    }
    return value;
  }

  public static String text(String field, String value, int mostCharacters) {
    if (value == null || value.isBlank() || value.length() > mostCharacters) {
      throw new SpecException(
          field, value, "a text of 1 to %d characters".formatted(mostCharacters));
    }
    if (value.chars().anyMatch(Character::isISOControl)) {
      throw new SpecException(field, "a text with control characters", "plain text");
    }
    return value;
  }

  public static String textOrNull(String field, String value, int mostCharacters) {
    return value == null ? null : text(field, value, mostCharacters);
  }

  static void size(String field, Collection<?> values, int least, int most) {
    if (values.size() < least || values.size() > most) {
      throw new SpecException(
          field, values.size() + " entries", "%d to %d entries".formatted(least, most));
    }
  }
}
