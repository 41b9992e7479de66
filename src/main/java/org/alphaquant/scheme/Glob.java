package org.alphaquant.scheme;

import java.util.List;

/**
 * A pattern for whole module names with the meaning of Python's {@code fnmatch.fnmatchcase}: {@code
 * *} is anything including dots, {@code ?} one character, {@code [seq]} and {@code [!seq]} one
 * character in or not in the sequence.
 *
 * @see <a href="https://docs.python.org/3/library/fnmatch.html">Python library, fnmatch</a>
 */
public final class Glob {
  private final String pattern;
  private final List<GlobToken> tokens;
  private final int shortest;

  private Glob(String pattern, List<GlobToken> tokens) {
    this.pattern = pattern;
    this.tokens = tokens;
    this.shortest = (int) tokens.stream().filter(it -> !(it instanceof GlobToken.Star)).count();
  }

  /**
   * Reads a pattern.
   *
   * @throws IllegalArgumentException if it is empty, has an unclosed bracket or a reversed range;
   *     the message says which
   */
  public static Glob of(String pattern) {
    return new Glob(pattern, new GlobParser(pattern).parse());
  }

  public String pattern() {
    return pattern;
  }

  /** Whether the pattern matches the whole of {@code name}. */
  public boolean matches(String name) {
    return shortest <= name.length() && matchesFrom(name);
  }

  private boolean matchesFrom(String name) {
    int token = 0;
    int star = -1;
    int resume = 0;
    int at = 0;
    while (at < name.length()) {
      if (token < tokens.size() && tokens.get(token) instanceof GlobToken.Star) {
        star = token++;
        resume = at;
      } else if (token < tokens.size() && tokens.get(token).accepts(name.charAt(at))) {
        token++;
        at++;
      } else if (star >= 0) {
        // Backtracking to the last star suffices: it can match whatever an earlier star could.
        token = star + 1;
        at = ++resume;
      } else {
        return false;
      }
    }
    return tokens.subList(token, tokens.size()).stream().allMatch(GlobToken.Star.class::isInstance);
  }

  /**
   * Smallest number of characters to insert, delete or replace in the pattern's fixed parts for it
   * to match {@code name}; characters that a star matches cost nothing.
   */
  int distance(String name) {
    int[] row = new int[name.length() + 1];
    for (int at = 0; at < row.length; at++) {
      row[at] = at;
    }
    for (GlobToken token : tokens) {
      row = token instanceof GlobToken.Star ? afterStar(row) : after(token, row, name);
    }
    return row[name.length()];
  }

  private static int[] afterStar(int[] before) {
    int[] row = before.clone();
    for (int at = 1; at < row.length; at++) {
      row[at] = Math.min(row[at], row[at - 1]);
    }
    return row;
  }

  private static int[] after(GlobToken token, int[] before, String name) {
    int[] row = new int[before.length];
    row[0] = before[0] + 1;
    for (int at = 1; at < row.length; at++) {
      int replaced = before[at - 1] + (token.accepts(name.charAt(at - 1)) ? 0 : 1);
      row[at] = Math.min(replaced, Math.min(before[at], row[at - 1]) + 1);
    }
    return row;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Glob glob && glob.pattern.equals(pattern);
  }

  @Override
  public int hashCode() {
    return pattern.hashCode();
  }

  @Override
  public String toString() {
    return pattern;
  }
}
