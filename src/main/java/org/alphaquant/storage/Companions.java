package org.alphaquant.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Files of a source beside its weights that a result repeats: tokenizer, licence and the like. */
public final class Companions {

  /** The largest published tokenizer files have some 35 MB. */
  static final long MAX_BYTES = 256L << 20;

  // What an engine may want beside the weights; custom code belongs to hub-only architectures.
  private static final String NAMES =
      "(tokenizer.*|special_tokens_map\\.json|added_tokens\\.json|vocab\\..*|merges\\.txt"
          + "|generation_config\\.json|chat_template.*|preprocessor_config\\.json|.*\\.tiktoken"
          + "|(configuration|modeling|tokenization)_.*\\.py|LICENSE.*|NOTICE.*)";

  private Companions() {}

  /** What speaks against copying the companions of this folder; empty if nothing does. */
  public static Optional<String> problem(Path source) {
    try {
      for (Path file : list(source)) {
        long bytes = Files.size(file);
        if (bytes > MAX_BYTES) {
          return Optional.of(
              "'%s' has %d bytes; a file that is copied into the result may have %d"
                  .formatted(file.getFileName(), bytes, MAX_BYTES));
        }
      }
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static void copy(Path source, Path folder) throws IOException {
    for (Path file : list(source)) {
      Files.copy(file, folder.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private static List<Path> list(Path source) throws IOException {
    try (Stream<Path> files = Files.list(source)) {
      return files
          .filter(Files::isRegularFile)
          .filter(file -> file.getFileName().toString().matches(NAMES))
          .toList();
    }
  }
}
