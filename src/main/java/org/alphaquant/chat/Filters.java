package org.alphaquant.chat;

import java.util.Locale;
import java.util.Map;

/** The filters of the language by their names. */
final class Filters {
  private Filters() {}

  static Filter named(String name) {
    Filter filter = ofText(name);
    filter = filter == null ? ofNumber(name) : filter;
    filter = filter == null ? ListFilters.named(name) : filter;
    if (filter == null) {
      throw new TemplateException("there is no filter '" + name + "'");
    }
    return filter;
  }

  private static Filter ofText(String name) {
    return switch (name) {
      case "string" -> (value, it, budget) -> budget.made(Values.text(value));
      case "safe" -> (value, it, budget) -> value;
      case "trim" -> (value, it, budget) -> StringMethods.strip(Values.text(value), it, true, true);
      case "upper" -> (value, it, budget) -> Values.text(value).toUpperCase(Locale.ROOT);
      case "lower" -> (value, it, budget) -> Values.text(value).toLowerCase(Locale.ROOT);
      case "title" -> (value, it, budget) -> StringMethods.title(Values.text(value));
      case "capitalize" -> (value, it, budget) -> StringMethods.capitalize(Values.text(value));
      case "replace" ->
          (value, it, budget) -> StringMethods.replace(Values.text(value), it, budget);
      case "indent" -> TextFilters::indent;
      case "escape", "e", "forceescape" -> TextFilters::escape;
      case "format" ->
          (value, it, budget) ->
              budget.made(PercentFormat.format(Values.text(value), it.positional()));
      case "tojson" -> JsonWriter::filter;
      case "wordcount" ->
          (value, it, budget) ->
              (long) Splitting.split(Values.text(value), Arguments.NONE, budget).size();
      case "center" -> TextFilters::center;
      default -> null;
    };
  }

  private static Filter ofNumber(String name) {
    return switch (name) {
      case "int" -> NumberFilters::integer;
      case "float" -> NumberFilters::real;
      case "abs" -> NumberFilters::absolute;
      case "round" -> NumberFilters::round;
      case "length", "count" -> (value, it, budget) -> Values.length(value);
      case "default", "d" -> Filters::otherwise;
      case "attr" ->
          (value, it, budget) ->
              value instanceof Map
                  ? Undefined.VALUE
                  : Attributes.attribute(value, it.text(0, "name"), budget);
      default -> null;
    };
  }

  private static Object otherwise(Object value, Arguments arguments, Budget budget) {
    boolean missing =
        value == Undefined.VALUE || arguments.flag(1, "boolean") && !Values.isTrue(value);
    return missing ? arguments.get(0, "default_value", "") : value;
  }
}
