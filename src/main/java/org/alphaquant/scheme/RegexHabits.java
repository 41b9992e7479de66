package org.alphaquant.scheme;

import java.util.regex.Pattern;

/** Patterns written as other tools for quantizing take them: as regular expressions. */
final class RegexHabits {

  // ".*" between names is an ordinary part of a glob; no name begins with a dot.
  private static final Pattern HABIT =
      Pattern.compile("^re:|^[+-]:|^\\.\\*|\\.\\+|\\\\[a-zA-Z.]|^\\^|\\$$|\\(.*\\|.*\\)|\\]\\+");

  private RegexHabits() {}

  static boolean isIn(String pattern) {
    return HABIT.matcher(pattern).find();
  }

  /** The equivalent glob, as far as there is one. */
  static String asGlob(String pattern) {
    String begun = pattern.replaceFirst("^(re:|[+-]:)", "");
    String inner = begun.replaceFirst("^\\^", "").replaceFirst("\\$$", "");
    String glob =
        inner
            .replaceAll("\\\\[dwsDWS][+*]?|\\.[*+]\\??|\\[[^\\]]*]\\+", "*")
            .replaceAll("\\(.*\\)", "*")
            .replaceAll("\\\\(.)", "$1")
            .replaceAll("\\*+", "*");
    String end = pattern.endsWith("$") || glob.endsWith("*") ? "" : "*";
    return glob + end;
  }
}
