package org.alphaquant.scheme;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Reads a glob as Python's fnmatch does, but refuses what fnmatch takes silently for something that
 * was hardly meant: a bracket that is never closed, and a range that runs backwards.
 */
final class GlobParser {
  private final String pattern;
  private final List<GlobToken> tokens = new ArrayList<>();
  private int position;

  GlobParser(String pattern) {
    this.pattern = pattern;
  }

  List<GlobToken> parse() {
    if (pattern.isEmpty()) {
      throw new IllegalArgumentException("the pattern is empty");
    }
    while (position < pattern.length()) {
      add(next());
    }
    return List.copyOf(tokens);
  }

  private void add(GlobToken token) {
    boolean repeatedStar =
        token instanceof GlobToken.Star
            && !tokens.isEmpty()
            && tokens.get(tokens.size() - 1) instanceof GlobToken.Star;
    if (!repeatedStar) {
      tokens.add(token);
    }
  }

  private GlobToken next() {
    char character = pattern.charAt(position++);
    return switch (character) {
      case '*' -> new GlobToken.Star();
      case '?' -> new GlobToken.Any();
      case '[' -> characterClass();
      default -> new GlobToken.Literal(character);
    };
  }

  private GlobToken characterClass() {
    int opened = position - 1;
    boolean negated = position < pattern.length() && pattern.charAt(position) == '!';
    int first = negated ? position + 1 : position;
    // A closing bracket right after the opening one is literal.
    int close = pattern.indexOf(']', first + 1);
    if (close < 0) {
      throw new IllegalArgumentException(
          "[ at position %d is never closed; [[] matches the bracket itself".formatted(opened));
    }
    position = close + 1;
    return new GlobToken.Class(negated, characters(pattern.substring(first, close)));
  }

  private static BitSet characters(String sequence) {
    sequence
        .codePoints()
        .filter(Character::isSupplementaryCodePoint)
        .findFirst()
        .ifPresent(
            beyond -> {
              throw new IllegalArgumentException(
                  "a bracket holds characters up to U+FFFF, and %s is beyond"
                      .formatted(Character.toString(beyond)));
            });
    BitSet characters = new BitSet();
    int at = 0;
    while (at < sequence.length()) {
      boolean range = at + 2 < sequence.length() && sequence.charAt(at + 1) == '-';
      int last = range ? at + 2 : at;
      add(characters, sequence.charAt(at), sequence.charAt(last));
      at = last + 1;
    }
    return characters;
  }

  private static void add(BitSet characters, char first, char last) {
    if (first > last) {
      throw new IllegalArgumentException(
          "the range %s-%s runs backwards and matches nothing".formatted(first, last));
    }
    characters.set(first, last + 1);
  }
}
