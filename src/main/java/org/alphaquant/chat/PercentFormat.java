package org.alphaquant.chat;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Texts with places to be filled in: {@code '%s'} and {@code '{}'}. */
final class PercentFormat {

  private static final Pattern PERCENT =
      Pattern.compile("%([-+ 0#]*)(\\d*)(?:\\.(\\d+))?([a-zA-Z%])");
  private static final Pattern BRACES = Pattern.compile("\\{\\{|\\}\\}|\\{[^{}]*\\}");
  private static final int MAX_WIDTH = 1000;

  private PercentFormat() {}

  static String format(String format, List<?> values) {
    int[] next = {0};
    String filled =
        PERCENT
            .matcher(format)
            .replaceAll(
                place ->
                    Matcher.quoteReplacement(
                        place.group(4).equals("%")
                            ? "%"
                            : filled(place, value(values, next[0]++))));
    if (next[0] < values.size()) {
      throw new TemplateException("'%s' has fewer places than values".formatted(format));
    }
    return filled;
  }

  private static Object value(List<?> values, int at) {
    if (at >= values.size()) {
      throw new TemplateException(
          "there are more places in a text than the %d values".formatted(at));
    }
    return values.get(at);
  }

  private static String filled(MatchResult place, Object value) {
    int width = number(place.group(2));
    String precision = place.group(3);
    String text =
        switch (place.group(4)) {
          case "s" -> Values.text(value);
          case "r" -> Representation.of(value);
          case "d", "i" -> Long.toString(((Number) numeric(value)).longValue());
          case "x" -> Long.toHexString(((Number) numeric(value)).longValue());
          case "f" -> decimal(value, precision == null ? 6 : number(precision));
          default -> throw new TemplateException("unknown place '" + place.group() + "' in a text");
        };
    boolean left = place.group(1).contains("-");
    String fill = place.group(1).contains("0") && !left ? "0" : " ";
    String pad = fill.repeat(Math.max(0, width - text.length()));
    return left ? text + pad : pad + text;
  }

  private static Object numeric(Object value) {
    Object number = Arithmetic.numeric(value);
    if (!(number instanceof Number)) {
      throw new TemplateException(Values.kind(value) + " where a number is to be written");
    }
    return number;
  }

  private static String decimal(Object value, int digits) {
    double number = ((Number) numeric(value)).doubleValue();
    return Double.isFinite(number)
        ? new BigDecimal(number).setScale(digits, RoundingMode.HALF_EVEN).toPlainString()
        : Representation.number(number);
  }

  private static int number(String digits) {
    int number =
        digits.isEmpty() ? 0 : digits.length() > 4 ? MAX_WIDTH + 1 : Integer.parseInt(digits);
    if (number > MAX_WIDTH) {
      throw new TemplateException("a place in a text is wider than " + MAX_WIDTH);
    }
    return number;
  }

  /** Python's {@code str.format} with plain places: {@code {}}, {@code {0}}, {@code {name}}. */
  static String braces(String format, Arguments arguments) {
    int[] next = {0, 0};
    return BRACES
        .matcher(format)
        .replaceAll(place -> Matcher.quoteReplacement(brace(place.group(), arguments, next)));
  }

  private static String brace(String place, Arguments arguments, int[] next) {
    if (place.equals("{{") || place.equals("}}")) {
      return place.substring(1);
    }
    String name = place.substring(1, place.length() - 1);
    if (name.isEmpty() || name.chars().allMatch(Character::isDigit)) {
      int at = name.isEmpty() ? next[0]++ : number(name);
      next[1] += name.isEmpty() ? 0 : 1;
      if (next[0] > 0 && next[1] > 0) {
        throw new TemplateException("a text has places with numbers and without");
      }
      return Values.text(value(arguments.positional(), at));
    }
    if (!name.matches("\\w+")) {
      throw new TemplateException("the place '" + place + "' of a text has a format of its own");
    }
    if (!arguments.named().containsKey(name)) {
      throw new TemplateException("there is no value '" + name + "' for a text's place");
    }
    return Values.text(arguments.named().get(name));
  }
}
