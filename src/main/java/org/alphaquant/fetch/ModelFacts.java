package org.alphaquant.fetch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.alphaquant.source.ModelLicence;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Facts about a model's folder that are cheap to read.
 *
 * @param family config.json's {@code model_type}; null where there is none
 * @param licence of the front matter of README.md; null where there is none
 * @param bytes of the folder's own files
 */
record ModelFacts(String family, String licence, long bytes) {

  private static final int MAX_TEXT = 1 << 20;

  static ModelFacts of(Path folder) {
    return new ModelFacts(
        text(folder.resolve("config.json")).map(ModelFacts::family).orElse(null),
        ModelLicence.of(folder).orElse(null),
        bytes(folder));
  }

  private static String family(String config) {
    try {
      String family = JsonMapper.shared().readTree(config).path("model_type").asString("");
      return family.isEmpty() || family.length() > 64 ? null : family;
    } catch (JacksonException noJson) {
      return null;
    }
  }

  private static Optional<String> text(Path file) {
    try {
      return Files.isRegularFile(file) && Files.size(file) <= MAX_TEXT
          ? Optional.of(Files.readString(file))
          : Optional.empty();
    } catch (IOException unreadable) {
      return Optional.empty();
    }
  }

  private static long bytes(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
    } catch (IOException unreadable) {
      return 0;
    }
  }
}
