package org.alphaquant.quickstart;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds in a log the one line that says what went wrong. */
final class ServiceLog {
  private static final Pattern CAUSE = Pattern.compile("^Caused by: [\\w.$]+: (?<message>.+)");
  private static final Pattern ERROR = Pattern.compile("^\\S+ ERROR +\\S+ +(?<message>.+)");
  private static final String ANALYSIS = "Description:";

  private ServiceLog() {}

  /** Empty where the log is, or says nothing. */
  static Optional<String> lastMeaningful(Path log) {
    try {
      // Decoded leniently: the native libraries write into the same file.
      return lastMeaningful(
          new String(Files.readAllBytes(log), StandardCharsets.UTF_8).lines().toList());
    } catch (IOException unreadable) {
      return Optional.empty();
    }
  }

  static Optional<String> lastMeaningful(List<String> lines) {
    return analysis(lines)
        .or(() -> last(lines, CAUSE))
        .or(() -> last(lines, ERROR))
        .or(() -> lines.stream().filter(line -> !line.isBlank()).reduce((a, b) -> b))
        .map(String::strip);
  }

  /** The explanation of a failed start, whose paragraph follows its heading. */
  private static Optional<String> analysis(List<String> lines) {
    int heading = lines.lastIndexOf(ANALYSIS);
    return heading < 0
        ? Optional.empty()
        : lines.stream().skip(heading + 1L).filter(line -> !line.isBlank()).findFirst();
  }

  private static Optional<String> last(List<String> lines, Pattern pattern) {
    return lines.stream()
        .map(pattern::matcher)
        .filter(Matcher::find)
        .map(matcher -> matcher.group("message"))
        .reduce((a, b) -> b);
  }
}
