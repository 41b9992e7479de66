package org.alphaquant.chat;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The tests of the language by their names. */
final class ValueTests {

  private static final Map<String, String> OPERATORS =
      Map.ofEntries(
          Map.entry("eq", "=="),
          Map.entry("equalto", "=="),
          Map.entry("ne", "!="),
          Map.entry("lt", "<"),
          Map.entry("lessthan", "<"),
          Map.entry("gt", ">"),
          Map.entry("greaterthan", ">"),
          Map.entry("le", "<="),
          Map.entry("ge", ">="),
          Map.entry("in", "in"));

  private ValueTests() {}

  static ValueTest named(String name) {
    String operator = OPERATORS.get(name);
    if (operator != null) {
      return (value, arguments, budget) ->
          Comparison.holds(operator, value, arguments.required(0, "other"), budget);
    }
    return switch (name) {
      case "defined" -> (value, arguments, budget) -> value != Undefined.VALUE;
      case "undefined" -> (value, arguments, budget) -> value == Undefined.VALUE;
      case "none" -> (value, arguments, budget) -> value == null;
      case "true" -> (value, arguments, budget) -> Boolean.TRUE.equals(value);
      case "false" -> (value, arguments, budget) -> Boolean.FALSE.equals(value);
      case "boolean" -> (value, arguments, budget) -> value instanceof Boolean;
      case "integer" -> (value, arguments, budget) -> value instanceof Long;
      case "float" -> (value, arguments, budget) -> value instanceof Double;
      case "number" -> (value, arguments, budget) -> Arithmetic.numeric(value) instanceof Number;
      case "string" -> (value, arguments, budget) -> value instanceof String;
      case "mapping" -> (value, arguments, budget) -> value instanceof Map;
      case "sequence", "iterable" -> (value, arguments, budget) -> hasElements(value);
      case "callable" -> (value, arguments, budget) -> value instanceof Callable;
      case "sameas" -> (value, arguments, budget) -> isSame(value, arguments.required(0, "other"));
      case "odd" -> (value, arguments, budget) -> Values.integer(value) % 2 != 0;
      case "even" -> (value, arguments, budget) -> Values.integer(value) % 2 == 0;
      case "divisibleby" -> (value, arguments, budget) -> isMultiple(value, arguments);
      case "lower" -> (value, arguments, budget) -> isLower(Values.text(value));
      case "upper" -> (value, arguments, budget) -> isUpper(Values.text(value));
      default -> throw new TemplateException("there is no test '" + name + "'");
    };
  }

  private static boolean hasElements(Object value) {
    return value == Undefined.VALUE
        || value instanceof String
        || value instanceof List
        || value instanceof Map;
  }

  private static boolean isSame(Object value, Object other) {
    return value == other || value instanceof Boolean && value.equals(other);
  }

  private static boolean isMultiple(Object value, Arguments arguments) {
    int of = Values.integer(arguments.required(0, "num"));
    if (of == 0) {
      throw new TemplateException("nothing is divisible by 0");
    }
    return Values.integer(value) % of == 0;
  }

  private static boolean isLower(String text) {
    return text.equals(text.toLowerCase(Locale.ROOT))
        && !text.equals(text.toUpperCase(Locale.ROOT));
  }

  private static boolean isUpper(String text) {
    return text.equals(text.toUpperCase(Locale.ROOT))
        && !text.equals(text.toLowerCase(Locale.ROOT));
  }
}
