package org.alphaquant.chat;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Arithmetic on numbers, texts and lists, as in Python. */
final class Arithmetic {
  private Arithmetic() {}

  static Object number(String written) {
    try {
      return written.chars().allMatch(Character::isDigit)
          ? (Object) Long.valueOf(written)
          : (Object) Double.valueOf(written);
    } catch (NumberFormatException notOne) {
      throw new TemplateException("'" + written + "' is no number");
    }
  }

  /** Booleans count as 0 and 1. */
  static Object numeric(Object value) {
    return value instanceof Boolean truth ? (Object) (truth ? 1L : 0L) : value;
  }

  static Object negative(Object value) {
    Object number = numeric(value);
    if (number instanceof Long whole) {
      return exact("-", 0, whole);
    }
    if (number instanceof Double real) {
      return -real;
    }
    throw new TemplateException(Values.kind(value) + " has no negative");
  }

  static Object result(String operator, Object left, Object right, Budget budget) {
    Object a = numeric(left);
    Object b = numeric(right);
    if (a instanceof Long x && b instanceof Long y && !operator.equals("/")) {
      return exact(operator, x, y);
    }
    if (a instanceof BigInteger || b instanceof BigInteger) {
      throw new TemplateException("'%s' of a number beyond 64 bits".formatted(operator));
    }
    if (a instanceof Number x && b instanceof Number y) {
      return real(operator, x.doubleValue(), y.doubleValue());
    }
    if (operator.equals("%") && a instanceof String format) {
      List<?> values = right instanceof List<?> list ? list : Arrays.asList(right);
      return budget.made(PercentFormat.format(format, values));
    }
    return joined(operator, a, b, budget);
  }

  private static Object joined(String operator, Object a, Object b, Budget budget) {
    if (operator.equals("+") && a instanceof String x && b instanceof String y) {
      return budget.made(x + y);
    }
    if (operator.equals("+") && a instanceof List<?> x && b instanceof List<?> y) {
      budget.elements((long) x.size() + y.size());
      List<Object> both = new ArrayList<>(x);
      both.addAll(y);
      return both;
    }
    if (operator.equals("*") && a instanceof List<?> list && b instanceof Long times) {
      return repeated(list, times, budget);
    }
    if (operator.equals("*") && a instanceof String text && b instanceof Long times) {
      return repeated(text, times, budget);
    }
    if (operator.equals("*") && a instanceof Long times && b instanceof String text) {
      return repeated(text, times, budget);
    }
    throw new TemplateException(
        "'%s' between %s and %s".formatted(operator, Values.kind(a), Values.kind(b)));
  }

  private static List<?> repeated(List<?> list, long times, Budget budget) {
    long count = Math.max(0, Math.min(times, Integer.MAX_VALUE));
    budget.elements(list.size() * count);
    List<Object> all = new ArrayList<>();
    for (long i = 0; i < count && !list.isEmpty(); i++) {
      all.addAll(list);
    }
    return all;
  }

  private static String repeated(String text, long times, Budget budget) {
    long count = Math.max(0, Math.min(times, Integer.MAX_VALUE));
    budget.characters(text.length() * count);
    return text.repeat((int) count);
  }

  private static Object exact(String operator, long a, long b) {
    try {
      return switch (operator) {
        case "+" -> Math.addExact(a, b);
        case "-" -> Math.subtractExact(a, b);
        case "*" -> Math.multiplyExact(a, b);
        case "//" -> Math.floorDiv(a, b);
        case "%" -> Math.floorMod(a, b);
        default -> power(a, b);
      };
    } catch (ArithmeticException outOfRange) {
      throw new TemplateException("%d %s %d has no result".formatted(a, operator, b));
    }
  }

  private static Object power(long base, long exponent) {
    if (exponent < 0) {
      return Math.pow(base, exponent);
    }
    int enough = (int) (exponent > 64 ? 64 + exponent % 2 : exponent);
    return BigInteger.valueOf(base).pow(enough).longValueExact();
  }

  private static double real(String operator, double a, double b) {
    if (b == 0 && (operator.equals("/") || operator.equals("//") || operator.equals("%"))) {
      throw new TemplateException("division by zero");
    }
    return switch (operator) {
      case "+" -> a + b;
      case "-" -> a - b;
      case "*" -> a * b;
      case "/" -> a / b;
      case "//" -> Math.floor(a / b);
      case "%" -> a - b * Math.floor(a / b);
      default -> Math.pow(a, b);
    };
  }
}
