package org.alphaquant.chat;

import java.math.BigDecimal;
import java.math.RoundingMode;

/** Filters that make numbers. */
final class NumberFilters {
  private NumberFilters() {}

  static Object integer(Object value, Arguments arguments, Budget budget) {
    Object number = Arithmetic.numeric(value);
    if (number instanceof Number known) {
      return known.longValue();
    }
    try {
      return new BigDecimal(
              StringMethods.strip(Values.text(value), Arguments.NONE, true, true).replace("_", ""))
          .setScale(0, RoundingMode.DOWN)
          .longValueExact();
    } catch (ArithmeticException | NumberFormatException noNumber) {
      return arguments.get(0, "default", 0L);
    }
  }

  static Object real(Object value, Arguments arguments, Budget budget) {
    Object number = Arithmetic.numeric(value);
    if (number instanceof Number known) {
      return known.doubleValue();
    }
    try {
      return Double.valueOf(StringMethods.strip(Values.text(value), Arguments.NONE, true, true));
    } catch (NumberFormatException noNumber) {
      return arguments.get(0, "default", 0.0);
    }
  }

  static Object absolute(Object value, Arguments arguments, Budget budget) {
    Object number = Arithmetic.numeric(value);
    if (number instanceof Long whole) {
      return Math.abs(whole);
    }
    return Math.abs(real(number));
  }

  /** To a number of digits after the point; halves to the even neighbour, as Python does. */
  static Object round(Object value, Arguments arguments, Budget budget) {
    int digits = arguments.integer(0, "precision", 0);
    String method = Values.string(arguments.get(1, "method", "common"));
    RoundingMode mode =
        switch (method) {
          case "common" -> RoundingMode.HALF_EVEN;
          case "ceil" -> RoundingMode.CEILING;
          case "floor" -> RoundingMode.FLOOR;
          default -> throw new TemplateException("there is no way to round named '" + method + "'");
        };
    if (Math.abs(digits) > 300) {
      throw new TemplateException("a number is rounded to %d digits".formatted(digits));
    }
    return new BigDecimal(real(Arithmetic.numeric(value))).setScale(digits, mode).doubleValue();
  }

  private static double real(Object value) {
    if (value instanceof Number number && Double.isFinite(number.doubleValue())) {
      return number.doubleValue();
    }
    throw new TemplateException(Values.kind(value) + " where a number is needed");
  }
}
