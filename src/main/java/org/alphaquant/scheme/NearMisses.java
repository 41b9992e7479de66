package org.alphaquant.scheme;

import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Suggestions for misspelled words. */
final class NearMisses {
  private static final int NAMES_SHOWN = 3;
  private static final Pattern NUMBER = Pattern.compile("\\d+");

  private NearMisses() {}

  /** The word that {@code given} is a misspelling of: at most a third of it differs. */
  static Optional<String> word(String given, Collection<String> words) {
    if (given.isEmpty() || given.length() > 64) {
      return Optional.empty();
    }
    String lower = given.toLowerCase(java.util.Locale.ROOT).replace('-', '_');
    return words.stream()
        .filter(word -> distance(lower, word) <= Math.max(1, word.length() / 3))
        .min(
            Comparator.<String>comparingInt(word -> distance(lower, word))
                .thenComparingInt(word -> Math.abs(digits(lower) - digits(word))));
  }

  // int9 is rather int8 than int2.
  private static int digits(String word) {
    return word.chars().filter(Character::isDigit).map(Character::getNumericValue).sum();
  }

  private static int distance(String given, String word) {
    // Only letters, digits and underscores take part, so that no character works as a wildcard.
    String fixed = given.replaceAll("\\W", "_");
    return Glob.of(fixed).distance(word);
  }

  /** One name for each pattern of names with numbers left out. */
  static List<String> examples(Collection<String> names) {
    Map<String, String> examples = new LinkedHashMap<>();
    names.forEach(name -> examples.putIfAbsent(NUMBER.matcher(name).replaceAll("0"), name));
    return List.copyOf(examples.values());
  }

  /** Those of the names that the glob nearly matches. */
  static List<String> names(Glob glob, Collection<String> names) {
    Map<String, Integer> distances = new LinkedHashMap<>();
    names.forEach(name -> distances.put(name, glob.distance(name)));
    return distances.entrySet().stream()
        .sorted(Map.Entry.comparingByValue())
        .limit(NAMES_SHOWN)
        .map(Map.Entry::getKey)
        .toList();
  }
}
