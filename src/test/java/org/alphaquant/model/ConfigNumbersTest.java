package org.alphaquant.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Checkpoint;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Every number of every bundled config.json in turn set to what no model can compute with: either
 * it is refused by its key, or nothing that is computed with follows from it.
 */
class ConfigNumbersTest {
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final List<String> NEVER =
      List.of("-1", "-0.5", "1e39", "1e400", "1" + "0".repeat(400), "\"NaN\"");
  private static final String ZERO = "0";

  // Zero means that they are not set, or no noise.
  private static final Set<String> MAY_BE_ZERO =
      Set.of("mscale", "mscale_all_dim", "router_jitter_noise");

  @TempDir Path folder;

  static List<Path> models() throws IOException {
    List<Path> found = new ArrayList<>();
    for (String set : List.of("micro", "variants", "families")) {
      try (Stream<Path> children = Files.list(Path.of("src/test/resources", set))) {
        children.filter(it -> Files.exists(it.resolve("config.json"))).sorted().forEach(found::add);
      }
    }
    return found;
  }

  @ParameterizedTest
  @MethodSource("models")
  void numbersThatNoModelComputesWithAreRefusedByTheirKey(Path model) throws IOException {
    try (Stream<Path> files = Files.list(model)) {
      for (Path file : files.filter(it -> !it.endsWith("config.json")).toList()) {
        Files.createSymbolicLink(folder.resolve(file.getFileName()), file.toAbsolutePath());
      }
    }
    JsonNode config = JSON.readTree(model.resolve("config.json"));
    String sound = design(config);
    List<String> taken = new ArrayList<>();
    numbers(config, "")
        .forEach(
            path -> {
              for (String value : NEVER) {
                check(config, path, value, sound, taken);
              }
              boolean real = config.at(path).isFloatingPointNumber();
              if (real && !MAY_BE_ZERO.contains(path.replaceFirst(".*/", ""))) {
                check(config, path, ZERO, sound, taken);
              }
            });
    assertThat(taken).isEmpty();
  }

  private void check(JsonNode config, String path, String value, String sound, List<String> taken) {
    JsonNode edited = config.deepCopy();
    put(edited, path, JSON.readTree(value));
    String key = keyOf(path);
    try {
      if (!design(edited).equals(sound)) {
        taken.add(path + " = " + value);
      }
    } catch (ModelException refused) {
      if (!refused.getMessage().contains(key)) {
        taken.add(path + " = " + value + ": " + refused.getMessage());
      }
    }
  }

  private static String keyOf(String path) {
    return path.replaceFirst("(/\\d+)+$", "").replaceFirst(".*/", "");
  }

  private static void put(JsonNode root, String path, JsonNode value) {
    int last = path.lastIndexOf('/');
    JsonNode parent = root.at(path.substring(0, last));
    String name = path.substring(last + 1);
    if (parent instanceof ArrayNode list) {
      list.set(Integer.parseInt(name), value);
    } else {
      ((ObjectNode) parent).set(name, value);
    }
  }

  /** Paths of all numbers, of a list only the first. */
  private static List<String> numbers(JsonNode node, String path) {
    List<String> found = new ArrayList<>();
    if (node.isNumber()) {
      found.add(path);
    } else if (node.isArray() && !node.isEmpty()) {
      found.addAll(numbers(node.get(0), path + "/0"));
    } else if (node.isObject()) {
      node.propertyStream()
          .forEach(it -> found.addAll(numbers(it.getValue(), path + "/" + it.getKey())));
    }
    return found;
  }

  /** Everything that is computed with. */
  private String design(JsonNode config) {
    try {
      Files.write(folder.resolve("config.json"), JSON.writeValueAsBytes(config));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      return ModelFamilies.recognise(checkpoint, null)
          .blueprint()
          .toString()
          .replaceAll("\\$\\$Lambda[^,\\]]*|@[0-9a-f]+", "");
    }
  }
}
