package org.alphaquant.problem;

import tools.jackson.core.JacksonException;

/** What is wrong with a text that is not JSON, in words for who wrote it. */
public final class MalformedJson {

  private MalformedJson() {}

  /** Jackson's reason without advice on its own settings, its types and its view of the source. */
  public static String reason(JacksonException malformed) {
    String message = malformed.getOriginalMessage().lines().findFirst().orElse("not JSON");
    if (message.startsWith("Trailing token")) {
      return "there is more after the value";
    }
    return message
        .replaceAll(" \\(start marker at .*", "")
        .replaceAll("\\s*\\([^()]*\\[Source:[^]]*][^()]*\\)", "")
        .replaceAll(": enable .*|, from `[^`]*`| \\(not recognized as one since .*", "")
        .replaceAll("\\(code \\d+[^)]*\\)", "")
        .replaceAll("\\s+", " ")
        .strip();
  }
}
