package org.alphaquant.source;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The licence that a model's card names in its front matter, as hubs read it. */
public final class ModelLicence {

  private static final int MAX_CARD = 1 << 20;
  private static final Pattern LICENCE =
      Pattern.compile("\\A---\\s*\\n(?:.*\\n)*?license:\\s*['\"]?([\\w.+-]{1,64})['\"]?\\s*\\n");

  private ModelLicence() {}

  /** Empty where the folder has no card, or it names none. */
  public static Optional<String> of(Path folder) {
    Path card = folder.resolve("README.md");
    try {
      return Files.isRegularFile(card) && Files.size(card) <= MAX_CARD
          ? named(Files.readString(card))
          : Optional.empty();
    } catch (IOException unreadable) {
      return Optional.empty();
    }
  }

  private static Optional<String> named(String card) {
    int end = card.indexOf("\n---", 3);
    Matcher licence = LICENCE.matcher(end < 0 ? "" : card.substring(0, end + 1));
    return licence.find() ? Optional.of(licence.group(1)) : Optional.empty();
  }
}
