package org.alphaquant.storage;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** The shortest simple regular expression for a set of numbers, written without leading zeros. */
final class NumberPattern {
  private NumberPattern() {}

  /** The expression as a group within a longer one: {@code (?:[1-9]|1[0-4])}. */
  static String of(Collection<Integer> numbers) {
    List<String> alternatives = alternatives(new TreeSet<>(numbers));
    String joined = String.join("|", alternatives);
    return alternatives.size() == 1 ? joined : "(?:" + joined + ")";
  }

  private static List<String> alternatives(SortedSet<Integer> numbers) {
    List<String> alternatives = new ArrayList<>();
    SortedSet<Integer> single = numbers.headSet(10);
    if (!single.isEmpty()) {
      alternatives.add(digits(single));
    }
    byLastDigits(numbers.tailSet(10))
        .forEach((last, leading) -> alternatives.add(of(leading) + digits(last)));
    return alternatives;
  }

  /** The numbers' leading digits, together where the same last digits follow them. */
  private static Map<SortedSet<Integer>, SortedSet<Integer>> byLastDigits(
      SortedSet<Integer> numbers) {
    Map<Integer, SortedSet<Integer>> lastDigits = new TreeMap<>();
    numbers.forEach(
        number -> lastDigits.computeIfAbsent(number / 10, key -> new TreeSet<>()).add(number % 10));
    Map<SortedSet<Integer>, SortedSet<Integer>> leading = new LinkedHashMap<>();
    lastDigits.forEach(
        (head, last) -> leading.computeIfAbsent(last, key -> new TreeSet<>()).add(head));
    return leading;
  }

  private static String digits(SortedSet<Integer> digits) {
    if (digits.size() == 1) {
      return String.valueOf(digits.first());
    }
    if (digits.size() == 10) {
      return "\\d";
    }
    StringBuilder text = new StringBuilder("[");
    for (int digit : digits) {
      boolean inside = digits.contains(digit - 1) && digits.contains(digit + 1);
      if (!inside) {
        text.append(digit);
      } else if (text.charAt(text.length() - 1) != '-') {
        text.append('-');
      }
    }
    return text.append(']').toString();
  }
}
