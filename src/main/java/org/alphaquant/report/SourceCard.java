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

/** The front matter (YAML) of a source's README.md, as hubs read it. */
final class SourceCard {

  private static final int MAX_BYTES = 1 << 20;
  private static final String FENCE = "---";

  /** Fields that also hold for a quantized version. */
  private static final List<String> CARRIED =
      List.of(
          "license",
          "license_name",
          "license_link",
          "language",
          "library_name",
          "pipeline_tag",
          "base_model",
          "base_model_relation");

  private SourceCard() {}

  /** The values by their keys; empty if there is no readable card. */
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
