package org.alphaquant.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Python's methods of texts. Places in a text are counted in code points. */
final class StringMethods {
  private StringMethods() {}

  /** The method of that name; null where there is none. */
  static Callable named(String text, String name, Budget budget) {
    Callable method = method(text, name, budget);
    return method == null
        ? null
        : arguments -> {
          budget.read(text);
          Object result = method.call(arguments);
          return result instanceof String made ? budget.made(made) : result;
        };
  }

  private static Callable method(String text, String name, Budget budget) {
    return switch (name) {
      case "strip" -> it -> strip(text, it, true, true);
      case "lstrip" -> it -> strip(text, it, true, false);
      case "rstrip" -> it -> strip(text, it, false, true);
      case "upper" -> it -> text.toUpperCase(Locale.ROOT);
      case "lower", "casefold" -> it -> text.toLowerCase(Locale.ROOT);
      case "title" -> it -> title(text);
      case "capitalize" -> it -> capitalize(text);
      case "swapcase" -> it -> swapCase(text);
      case "ljust" -> it -> padded(text, it, 0, budget);
      case "rjust" -> it -> padded(text, it, 2, budget);
      case "center" -> it -> padded(text, it, 1, budget);
      case "zfill" -> it -> zeroFilled(text, it.integer(0, "width", 0), budget);
      case "startswith" -> it -> anyOf(it, text::startsWith);
      case "endswith" -> it -> anyOf(it, text::endsWith);
      case "removeprefix" -> it -> without(text, it.text(0, "prefix"), true);
      case "removesuffix" -> it -> without(text, it.text(0, "suffix"), false);
      case "replace" -> it -> replace(text, it, budget);
      case "find" -> it -> place(text, text.indexOf(it.text(0, "sub")));
      case "rfind" -> it -> place(text, text.lastIndexOf(it.text(0, "sub")));
      case "index" -> it -> found(place(text, text.indexOf(it.text(0, "sub"))));
      case "count" -> it -> count(text, it.text(0, "sub"));
      case "isdigit", "isnumeric", "isdecimal" -> it -> all(text, Character::isDigit);
      case "isalpha" -> it -> all(text, Character::isLetter);
      case "isalnum" -> it -> all(text, Character::isLetterOrDigit);
      case "isspace" -> it -> all(text, StringMethods::isSpace);
      case "isupper" ->
          it ->
              !text.equals(text.toLowerCase(Locale.ROOT))
                  && text.equals(text.toUpperCase(Locale.ROOT));
      case "islower" ->
          it ->
              !text.equals(text.toUpperCase(Locale.ROOT))
                  && text.equals(text.toLowerCase(Locale.ROOT));
      case "split" -> it -> Splitting.split(text, it, budget);
      case "rsplit" -> it -> Splitting.splitFromEnd(text, it, budget);
      case "splitlines" -> it -> Splitting.lines(text, it.flag(0, "keepends"), budget);
      case "partition" -> it -> Splitting.partition(text, it.text(0, "sep"), false);
      case "rpartition" -> it -> Splitting.partition(text, it.text(0, "sep"), true);
      case "join" -> it -> join(text, it.required(0, "iterable"), budget);
      case "format" -> it -> PercentFormat.braces(text, it);
      default -> null;
    };
  }

  static boolean isSpace(int c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
  }

  /** Without white space, or the characters given, at its ends. */
  static String strip(String text, Arguments arguments, boolean left, boolean right) {
    Object characters = arguments.get(0, "chars", null);
    String taken = characters == null ? null : Values.string(characters);
    IntPredicate away = c -> taken == null ? isSpace(c) : taken.indexOf(c) >= 0;
    int from = 0;
    int to = text.length();
    while (left && from < to && away.test(text.codePointAt(from))) {
      from += Character.charCount(text.codePointAt(from));
    }
    while (right && to > from && away.test(text.codePointBefore(to))) {
      to -= Character.charCount(text.codePointBefore(to));
    }
    return text.substring(from, to);
  }

  static String capitalize(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int first = text.offsetByCodePoints(0, 1);
    return text.substring(0, first).toUpperCase(Locale.ROOT)
        + text.substring(first).toLowerCase(Locale.ROOT);
  }

  static String title(String text) {
    StringBuilder title = new StringBuilder();
    boolean inWord = false;
    for (int c : text.codePoints().toArray()) {
      title.appendCodePoint(inWord ? Character.toLowerCase(c) : Character.toTitleCase(c));
      inWord = Character.isLetter(c);
    }
    return title.toString();
  }

  private static String swapCase(String text) {
    StringBuilder swapped = new StringBuilder();
    text.codePoints()
        .map(c -> Character.isUpperCase(c) ? Character.toLowerCase(c) : Character.toUpperCase(c))
        .forEach(swapped::appendCodePoint);
    return swapped.toString();
  }

  /** Filled up to a width. Of the filling 0, 1 or 2 halves stand on the left. */
  private static String padded(String text, Arguments arguments, int halves, Budget budget) {
    int width = arguments.integer(0, "width", 0);
    String fill = Values.text(arguments.get(1, "fillchar", " "));
    if (fill.codePointCount(0, fill.length()) != 1) {
      throw new TemplateException("a text is filled up by one character, not by '" + fill + "'");
    }
    int missing = Math.max(0, width - text.codePointCount(0, text.length()));
    budget.characters(text.length() + 2L * missing);
    // Python puts the odd one on the left where the width is odd too.
    int left = halves == 1 ? missing / 2 + (missing & width & 1) : missing * halves / 2;
    return fill.repeat(left) + text + fill.repeat(missing - left);
  }

  private static String zeroFilled(String text, int width, Budget budget) {
    int missing = Math.max(0, width - text.codePointCount(0, text.length()));
    budget.characters(text.length() + (long) missing);
    int sign = text.startsWith("-") || text.startsWith("+") ? 1 : 0;
    return text.substring(0, sign) + "0".repeat(missing) + text.substring(sign);
  }

  private static boolean anyOf(Arguments arguments, Predicate<String> test) {
    Object wanted = arguments.required(0, "prefix");
    return wanted instanceof List<?> several
        ? several.stream().map(Values::string).anyMatch(test)
        : test.test(Values.string(wanted));
  }

  private static String without(String text, String part, boolean prefix) {
    if (part.isEmpty() || !(prefix ? text.startsWith(part) : text.endsWith(part))) {
      return text;
    }
    return prefix
        ? text.substring(part.length())
        : text.substring(0, text.length() - part.length());
  }

  /** With one part in place of another, a number of times at most. */
  static String replace(String text, Arguments arguments, Budget budget) {
    String old = Values.text(arguments.required(0, "old"));
    String with = Values.text(arguments.required(1, "new"));
    int most = arguments.integer(2, "count", -1);
    long places = old.isEmpty() ? text.length() + 1L : count(text, old);
    long replaced = most < 0 ? places : Math.min(most, places);
    budget.characters(text.length() + replaced * Math.max(0, with.length() - old.length()));
    if (most < 0) {
      return text.replace(old, with);
    }
    StringBuilder result = new StringBuilder();
    int from = 0;
    for (long i = 0; i < replaced; i++) {
      int at = text.indexOf(old, from);
      result.append(text, from, at).append(with);
      from = at + old.length();
    }
    return result.append(text, from, text.length()).toString();
  }

  private static long place(String text, int index) {
    return index < 0 ? -1 : text.codePointCount(0, index);
  }

  private static long found(long place) {
    if (place < 0) {
      throw new TemplateException("a text is not in the text it is looked up in");
    }
    return place;
  }

  private static long count(String text, String part) {
    if (part.isEmpty()) {
      return text.codePointCount(0, text.length()) + 1L;
    }
    long count = 0;
    for (int at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length())) {
      count++;
    }
    return count;
  }

  private static boolean all(String text, IntPredicate test) {
    return !text.isEmpty() && text.codePoints().allMatch(test);
  }

  private static String join(String separator, Object parts, Budget budget) {
    List<String> texts = new ArrayList<>();
    Values.elements(parts).forEach(part -> texts.add(Values.string(part)));
    budget.characters(
        texts.stream().mapToLong(String::length).sum() + (long) separator.length() * texts.size());
    return texts.stream().collect(Collectors.joining(separator));
  }
}
