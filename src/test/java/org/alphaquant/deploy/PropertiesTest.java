package org.alphaquant.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * docs/properties.md says what the program's own metadata says. Written anew by {@code mvn test
 * -Dtest=PropertiesTest -Dalphaquant.golden=write}.
 */
class PropertiesTest {
  private static final Path PAGE = Path.of("docs/properties.md");
  private static final String BEGIN = "<!-- properties -->\n";

  @Test
  void theReferenceOfPropertiesIsCurrent() throws IOException {
    String page = Files.readString(PAGE);
    String head = page.substring(0, page.indexOf(BEGIN) + BEGIN.length());
    String reference = reference();
    if ("write".equals(System.getProperty("alphaquant.golden"))) {
      Files.writeString(PAGE, head + reference);
      page = Files.readString(PAGE);
    }
    assertThat(page.substring(head.length())).isEqualTo(reference);
  }

  private static String reference() throws IOException {
    Map<String, StringBuilder> groups = new TreeMap<>();
    for (JsonNode property : metadata()) {
      String name = property.path("name").asString();
      if (name.startsWith("alphaquant.")) {
        String group = name.substring(0, name.lastIndexOf('.'));
        groups.computeIfAbsent(group, it -> new StringBuilder()).append(row(name, property));
      }
    }
    StringBuilder page = new StringBuilder();
    groups.forEach(
        (group, rows) ->
            page.append("\n## `%s`\n\n| property | default | |\n|---|---|---|\n".formatted(group))
                .append(rows));
    return page.toString();
  }

  private static String row(String name, JsonNode property) {
    JsonNode standard = property.path("defaultValue");
    String value =
        standard.isMissingNode()
            ? ""
            : standard.isArray()
                ? String.join(",", standard.valueStream().map(JsonNode::asString).toList())
                : standard.asString();
    String description =
        property
            .path("description")
            .asString()
            .replaceAll("\\{@code\\s+([^}]*)}", "`$1`")
            .replace("|", "\\|")
            .replaceAll("\\s+", " ");
    return "| `%s` | %s | %s |\n"
        .formatted(
            name.substring(name.lastIndexOf('.') + 1),
            value.isEmpty() ? "" : "`" + value + "`",
            (type(property.path("type").asString()) + " " + description).strip());
  }

  private static String type(String type) {
    return switch (type) {
      case "java.time.Duration" -> "*duration*:";
      case "java.lang.Boolean" -> "*true or false*:";
      case "org.springframework.util.unit.DataSize" -> "*bytes*:";
      case "java.lang.Integer", "java.lang.Long", "java.lang.Double" -> "*number*:";
      default -> type.startsWith("java.util.List") ? "*list*:" : "";
    };
  }

  private static Iterable<JsonNode> metadata() throws IOException {
    try (InputStream metadata =
        PropertiesTest.class.getResourceAsStream("/META-INF/spring-configuration-metadata.json")) {
      return JsonMapper.shared()
          .readTree(metadata)
          .path("properties")
          .valueStream()
          .sorted((a, b) -> a.path("name").asString().compareTo(b.path("name").asString()))
          .toList();
    }
  }
}
