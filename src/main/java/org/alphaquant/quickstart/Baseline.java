package org.alphaquant.quickstart;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.alphaquant.client.ClientException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Another method that a job is compared with.
 *
 * @param name for people
 * @param job fields that replace the job's own
 */
record Baseline(String name, ObjectNode job) {
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final String FOLDER = "baselines";

  /** Those in the folder {@code baselines} beside a job's file, by the names of their files. */
  static List<Baseline> beside(Path job) {
    Path folder = job.resolveSibling(FOLDER);
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.toString().endsWith(".json"))
          .sorted()
          .map(file -> JSON.readValue(file, Baseline.class))
          .toList();
    } catch (IOException e) {
      throw ClientException.unreadable(folder.toString(), e);
    }
  }

  /** The job's body with this method. */
  String of(String body) {
    JsonNode read = JSON.readTree(body);
    return read instanceof ObjectNode object ? JSON.writeValueAsString(object.setAll(job)) : body;
  }
}
