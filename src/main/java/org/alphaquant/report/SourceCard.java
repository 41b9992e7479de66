package org.alphaquant.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/** What the README.md of a source says of itself to hubs, in the YAML between its first lines. */
final class SourceCard {

  private static final int MAX_BYTES = 1 << 20;
  private static final String FENCE = "---";

  /** What holds of a quantized version too. */
  private static final List<String> CARRIED =
      List.of(
          "license",
          "license_name",
          "license_link",
          "language",
          "library_name",
          "pipeline_tag",
          "base_model");

  private SourceCard() {}

  /** The values by their keys; empty where there is no card, or one that cannot be read. */
  static Map<String, Object> of(Path folder) {
    Map<String, Object> carried = new LinkedHashMap<>();
    if (yaml(folder.resolve("README.md")) instanceof Map<?, ?> values) {
      for (String key : CARRIED) {
        if (values.get(key) instanceof String || values.get(key) instanceof List) {
          carried.put(key, values.get(key));
        }
      }
    }
    return carried;
  }

  private static Object yaml(Path card) {
    try {
      if (!Files.isRegularFile(card) || Files.size(card) > MAX_BYTES) {
        return null;
      }
      List<String> lines = Files.readAllLines(card);
      int end = lines.isEmpty() || !lines.get(0).strip().equals(FENCE) ? -1 : end(lines);
      return end < 0 ? null : parser().load(String.join("\n", lines.subList(1, end)));
    } catch (IOException | YAMLException unreadable) {
      return null;
    }
  }

  private static int end(List<String> lines) {
    for (int i = 1; i < lines.size(); i++) {
      if (lines.get(i).strip().equals(FENCE)) {
        return i;
      }
    }
    return -1;
  }

  private static Yaml parser() {
    return new Yaml(new SafeConstructor(new LoaderOptions()));
  }
}
