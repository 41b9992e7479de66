package org.alphaquant.source;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.alphaquant.checkpoint.Links;

/** The licence that a model's card names in its front matter, as hubs read it. */
public final class ModelLicence {

  private static final int MAX_CARD = 1 << 20;
  private static final String FENCE = "---";
  private static final Pattern LICENCE =
      Pattern.compile("license:\\s*['\"]?([\\w.+-]{1,64})['\"]?\\s*");

  private ModelLicence() {}

  /** Empty where the folder has no card, or it names none. */
  public static Optional<String> of(Path folder) {
    Path card = folder.resolve("README.md");
    try {
      return Files.isRegularFile(card) ? named(Links.OWN.text(card, MAX_CARD)) : Optional.empty();
    } catch (IOException unreadable) {
      return Optional.empty();
    }
  }

  // Line by line: a regular expression over all of them recurses once for each.
  private static Optional<String> named(String card) {
    List<String> lines = card.lines().toList();
    if (lines.isEmpty() || !lines.get(0).stripTrailing().equals(FENCE)) {
      return Optional.empty();
    }
    return lines.stream()
        .skip(1)
        .takeWhile(line -> !line.startsWith(FENCE))
        .map(LICENCE::matcher)
        .filter(Matcher::matches)
        .map(licence -> licence.group(1))
        .findFirst();
  }
}
