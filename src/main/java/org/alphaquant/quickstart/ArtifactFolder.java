package org.alphaquant.quickstart;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/** Finds a result on this machine's disk. */
final class ArtifactFolder {
  private static final int DEEPEST = 4;

  private ArtifactFolder() {}

  /** The folder below {@code work} that has all of the artifacts. */
  static Optional<Path> find(Path work, JsonNode artifacts) {
    try (Stream<Path> folders = Files.walk(work, DEEPEST)) {
      return folders.filter(folder -> holds(folder, artifacts)).findFirst();
    } catch (IOException elsewhere) {
      return Optional.empty();
    }
  }

  private static boolean holds(Path folder, JsonNode artifacts) {
    return !artifacts.isEmpty()
        && artifacts
            .valueStream()
            .allMatch(artifact -> Files.exists(folder.resolve(artifact.path("name").asString())));
  }
}
