package org.alphaquant.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Everything in the jar has a licence that may be passed on with it. Of several that a library
 * offers, one is enough. The report is {@code target/licences.md}.
 */
class LicenceTest {
  private static final Set<String> ALLOWED =
      Set.of(
          "0BSD",
          "Apache-2.0",
          "BSD-2-Clause",
          "BSD-3-Clause",
          "CC0-1.0",
          "EPL-2.0",
          "MIT",
          "MIT-0");

  @Test
  void everyLibraryInTheJarHasALicenceThatIsAllowed() throws IOException {
    Path sbom = Path.of("target/classes/META-INF/sbom/application.cdx.json");
    if (!"true".equals(System.getenv("CI"))) {
      assumeTrue(Files.exists(sbom), "Maven makes no list of libraries offline");
    }
    StringBuilder report =
        new StringBuilder("# Libraries in the jar\n\n| library | licence |\n|---|---|\n");
    List<String> refused = new ArrayList<>();
    JsonNode components = JsonMapper.shared().readTree(Files.readString(sbom)).path("components");
    for (JsonNode component : components) {
      List<String> licences = licences(component);
      String name =
          "%s:%s:%s"
              .formatted(
                  component.path("group").asString(),
                  component.path("name").asString(),
                  component.path("version").asString());
      report.append("| %s | %s |\n".formatted(name, String.join(" or ", licences)));
      if (licences.stream().noneMatch(ALLOWED::contains)) {
        refused.add(name + " has " + licences);
      }
    }
    Files.writeString(Path.of("target/licences.md"), report);
    assertThat(components.size()).isGreaterThan(100);
    assertThat(refused).as("libraries without a licence of %s", ALLOWED).isEmpty();
  }

  private static List<String> licences(JsonNode component) {
    List<String> licences = new ArrayList<>();
    for (JsonNode choice : component.path("licenses")) {
      JsonNode licence = choice.path("license");
      licences.add(
          licence.has("id") ? licence.path("id").asString() : licence.path("name").asString());
    }
    return licences;
  }
}
