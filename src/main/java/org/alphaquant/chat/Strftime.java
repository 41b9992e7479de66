package org.alphaquant.chat;

import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;

/** Times as C's {@code strftime} writes them, in English. */
final class Strftime {

  private static final Map<Character, String> PATTERNS =
      Map.ofEntries(
          Map.entry('Y', "yyyy"),
          Map.entry('y', "yy"),
          Map.entry('m', "MM"),
          Map.entry('d', "dd"),
          Map.entry('b', "MMM"),
          Map.entry('B', "MMMM"),
          Map.entry('a', "EEE"),
          Map.entry('A', "EEEE"),
          Map.entry('H', "HH"),
          Map.entry('I', "hh"),
          Map.entry('p', "a"),
          Map.entry('M', "mm"),
          Map.entry('S', "ss"),
          Map.entry('f', "SSSSSS"),
          Map.entry('j', "DDD"),
          Map.entry('F', "yyyy-MM-dd"),
          Map.entry('T', "HH:mm:ss"));

  private Strftime() {}

  static String format(LocalDateTime time, String format) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '%' || i + 1 == format.length()) {
        text.append(c);
        continue;
      }
      char letter = format.charAt(++i);
      boolean unpadded = letter == '-' && i + 1 < format.length();
      letter = unpadded ? format.charAt(++i) : letter;
      text.append(letter == '%' ? "%" : field(time, letter, unpadded));
    }
    return text.toString();
  }

  private static String field(LocalDateTime time, char letter, boolean unpadded) {
    String pattern = PATTERNS.get(letter);
    if (pattern == null) {
      return "%" + letter;
    }
    String text = time.format(DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH));
    return unpadded && text.startsWith("0") && text.length() > 1 ? text.substring(1) : text;
  }
}
