package org.alphaquant.chat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Texts cut into pieces, as Python does it. */
final class Splitting {
  private Splitting() {}

  static List<Object> split(String text, Arguments arguments, Budget budget) {
    Object separator = arguments.get(0, "sep", null);
    int most = arguments.integer(1, "maxsplit", -1);
    List<Object> pieces =
        separator == null
            ? words(text, most)
            : pieces(text, required(Values.string(separator)), most);
    budget.elements(pieces.size());
    return pieces;
  }

  static List<Object> splitFromEnd(String text, Arguments arguments, Budget budget) {
    Object separator = arguments.get(0, "sep", null);
    int most = arguments.integer(1, "maxsplit", -1);
    if (separator == null && most < 0) {
      return split(text, arguments, budget);
    }
    if (separator == null) {
      throw new TemplateException("rsplit() with maxsplit needs a separator");
    }
    List<Object> pieces = new ArrayList<>();
    String by = required(Values.string(separator));
    int to = text.length();
    for (int at = text.lastIndexOf(by); at >= 0 && (most < 0 || pieces.size() < most); ) {
      pieces.add(text.substring(at + by.length(), to));
      to = at;
      at = at == 0 ? -1 : text.lastIndexOf(by, at - by.length());
    }
    pieces.add(text.substring(0, to));
    Collections.reverse(pieces);
    budget.elements(pieces.size());
    return pieces;
  }

  private static String required(String separator) {
    if (separator.isEmpty()) {
      throw new TemplateException("a text is split by an empty separator");
    }
    return separator;
  }

  private static List<Object> pieces(String text, String separator, int most) {
    List<Object> pieces = new ArrayList<>();
    int from = 0;
    int at = text.indexOf(separator);
    while (at >= 0 && (most < 0 || pieces.size() < most)) {
      pieces.add(text.substring(from, at));
      from = at + separator.length();
      at = text.indexOf(separator, from);
    }
    pieces.add(text.substring(from));
    return pieces;
  }

  private static List<Object> words(String text, int most) {
    List<Object> words = new ArrayList<>();
    String rest = StringMethods.strip(text, Arguments.NONE, true, false);
    while (!rest.isEmpty() && (most < 0 || words.size() < most)) {
      int end = 0;
      while (end < rest.length() && !StringMethods.isSpace(rest.charAt(end))) {
        end++;
      }
      words.add(rest.substring(0, end));
      rest = StringMethods.strip(rest.substring(end), Arguments.NONE, true, false);
    }
    if (!rest.isEmpty()) {
      words.add(StringMethods.strip(rest, Arguments.NONE, false, most < 0));
    }
    return words;
  }

  static List<Object> lines(String text, boolean keepEnds, Budget budget) {
    List<Object> lines = new ArrayList<>();
    int from = 0;
    while (from < text.length()) {
      int end = from;
      while (end < text.length() && !isLineEnd(text.charAt(end))) {
        end++;
      }
      int next = Math.min(text.length(), end + (text.startsWith("\r\n", end) ? 2 : 1));
      lines.add(text.substring(from, keepEnds ? next : end));
      from = next;
    }
    budget.elements(lines.size());
    return lines;
  }

  private static boolean isLineEnd(char c) {
    return "\n\r\u000b\f\u001c\u001d\u001e\u0085\u2028\u2029".indexOf(c) >= 0;
  }

  static List<Object> partition(String text, String separator, boolean last) {
    int at = last ? text.lastIndexOf(required(separator)) : text.indexOf(required(separator));
    if (at < 0) {
      return last ? Tuple.of("", "", text) : Tuple.of(text, "", "");
    }
    return Tuple.of(text.substring(0, at), separator, text.substring(at + separator.length()));
  }
}
