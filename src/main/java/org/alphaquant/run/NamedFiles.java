package org.alphaquant.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.source.SourceException;

/** Files of a model's folder that libraries open by their names. */
final class NamedFiles {
  private NamedFiles() {}

  /**
   * Looks at where the tokenizer's files lead, right before they are opened.
   *
   * @throws SourceException if one leads where nothing may be read
   */
  static void checkTokenizer(Checkpoint source) {
    check(source, "tokenizer.json", "tokenizer_config.json");
  }

  /** The same for those of the chat template. */
  static void checkChat(Checkpoint source) {
    check(
        source,
        "tokenizer_config.json",
        "chat_template.jinja",
        "chat_template.json",
        "special_tokens_map.json");
  }

  private static void check(Checkpoint source, String... names) {
    for (String name : names) {
      check(source, source.folder().resolve(name));
    }
  }

  private static void check(Checkpoint source, Path file) {
    if (Files.exists(file)) {
      try {
        source.links().real(file);
      } catch (IOException gone) {
        throw new SourceException("'%s' cannot be read: %s".formatted(file.getFileName(), gone));
      }
    }
  }
}
