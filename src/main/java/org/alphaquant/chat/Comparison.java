package org.alphaquant.chat;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Equality, order and containment, as in Python. */
final class Comparison {
  private Comparison() {}

  static boolean holds(String operator, Object left, Object right, Budget budget) {
    return switch (operator) {
      case "==" -> equal(left, right, budget);
      case "!=" -> !equal(left, right, budget);
      case "in" -> contains(right, left, budget);
      case "not in" -> !contains(right, left, budget);
      case "<" -> order(left, right, budget) < 0;
      case ">" -> order(left, right, budget) > 0;
      case "<=" -> order(left, right, budget) <= 0;
      default -> order(left, right, budget) >= 0;
    };
  }

  static boolean equal(Object left, Object right, Budget budget) {
    budget.read(left);
    Object a = Arithmetic.numeric(left);
    Object b = Arithmetic.numeric(right);
    if (a instanceof Number x && b instanceof Number y) {
      return x instanceof Long && y instanceof Long
          ? x.longValue() == y.longValue()
          : x.doubleValue() == y.doubleValue();
    }
    if (a instanceof List<?> x && b instanceof List<?> y) {
      return x.size() == y.size() && sameElements(x, y, budget);
    }
    if (a instanceof Map<?, ?> x && b instanceof Map<?, ?> y) {
      return x.keySet().equals(y.keySet())
          && x.keySet().stream().allMatch(key -> equal(x.get(key), y.get(key), budget));
    }
    return Objects.equals(a, b);
  }

  private static boolean sameElements(List<?> left, List<?> right, Budget budget) {
    for (int i = 0; i < left.size(); i++) {
      if (!equal(left.get(i), right.get(i), budget)) {
        return false;
      }
    }
    return true;
  }

  static int order(Object left, Object right, Budget budget) {
    budget.read(left);
    Object a = Arithmetic.numeric(left);
    Object b = Arithmetic.numeric(right);
    if (a instanceof Number x && b instanceof Number y) {
      return x instanceof Long && y instanceof Long
          ? Long.compare(x.longValue(), y.longValue())
          : Double.compare(x.doubleValue(), y.doubleValue());
    }
    if (a instanceof String x && b instanceof String y) {
      return x.compareTo(y);
    }
    if (a instanceof List<?> x && b instanceof List<?> y) {
      return orderOfLists(x, y, budget);
    }
    throw new TemplateException(
        Values.kind(left) + " and " + Values.kind(right) + " have no order");
  }

  private static int orderOfLists(List<?> left, List<?> right, Budget budget) {
    for (int i = 0; i < Math.min(left.size(), right.size()); i++) {
      if (!equal(left.get(i), right.get(i), budget)) {
        return order(left.get(i), right.get(i), budget);
      }
    }
    return Integer.compare(left.size(), right.size());
  }

  static boolean contains(Object whole, Object part, Budget budget) {
    budget.read(whole);
    if (whole instanceof String text) {
      return text.contains(Values.string(part));
    }
    if (whole instanceof Map<?, ?> map) {
      return isKey(part) && map.containsKey(part);
    }
    return Values.elements(whole).stream().anyMatch(element -> equal(element, part, budget));
  }

  /** Lists and mappings are no keys: their hash is as costly as they are deep. */
  static boolean isKey(Object value) {
    return !(value instanceof Collection) && !(value instanceof Map);
  }
}
