package org.alphaquant.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import tools.jackson.databind.json.JsonMapper;

/** docker-compose.yml, read as Compose reads it, and held as a server's setup should be. */
class ComposeTest {
  private static final Path FILE = Path.of("docker-compose.yml");
  private static final Set<String> ONCE = Set.of("migrate");

  private final Map<String, Object> compose = read();
  private final Map<String, Object> services = Chart.mapping(compose.get("services"));

  private static Map<String, Object> read() {
    try {
      LoaderOptions options = new LoaderOptions();
      options.setAllowDuplicateKeys(false);
      return Chart.mapping(new Yaml(options).load(Files.readString(FILE)));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void composeItselfTakesTheFileWithAndWithoutGpus() {
    Tools.need("docker-compose");
    Tools.run("docker-compose", "-f", FILE.toString(), "config", "-q");
    Tools.run("docker-compose", "-f", FILE.toString(), "--profile", "gpu", "config", "-q");
    Tools.run("docker-compose", "-f", FILE.toString(), "--profile", "s3", "config", "-q");
  }

  @Test
  void everyServiceHasAnExactImageLimitsAndFewRights() {
    services.forEach(
        (name, node) -> {
          Map<String, Object> service = Chart.mapping(node);
          assertThat((String) service.get("image"))
              .as(name)
              .matches("(\\$\\{\\w+:-)?[a-z/-]+:[A-Za-z0-9][A-Za-z0-9.-]*}?")
              .doesNotContain("latest");
          Map<String, Object> resources =
              Chart.mapping(Chart.mapping(service.get("deploy")).get("resources"));
          assertThat(Chart.mapping(resources.get("limits"))).as(name).containsKey("memory");
          assertThat(service).as(name).containsKeys("restart", "networks");
          if (!name.equals("database")) {
            assertThat(service.get("cap_drop")).as(name).isEqualTo(List.of("ALL"));
          }
          // Those of the service have theirs in the image.
          if (!service.containsKey("build")) {
            assertThat(service).as(name).containsKey("healthcheck");
          }
        });
  }

  @Test
  void everythingStartsAfterTheMigration() {
    services.forEach(
        (name, node) -> {
          Map<String, Object> service = Chart.mapping(node);
          if (service.containsKey("build") && !ONCE.contains(name)) {
            assertThat(String.valueOf(service.get("depends_on")))
                .as(name)
                .contains("migrate={condition=service_completed_successfully}");
            assertThat(Chart.mapping(service.get("environment")))
                .as(name)
                .containsEntry("ALPHAQUANT_DATABASE_MIGRATE", "false");
          }
        });
  }

  @Test
  void noPasswordStandsInTheFileAndEverySecretIsDefined() throws IOException {
    assertThat(Files.readString(FILE))
        .doesNotContainPattern("(?i)(password|key|token): *[\"a-z0-9]");
    Set<String> defined = Chart.mapping(compose.get("secrets")).keySet();
    services.forEach(
        (name, node) -> {
          Object secrets = Chart.mapping(node).get("secrets");
          for (Object secret : secrets == null ? List.of() : (List<?>) secrets) {
            String source =
                secret instanceof Map<?, ?> map ? (String) map.get("source") : (String) secret;
            assertThat(defined).as(name).contains(source);
          }
        });
  }

  /** A variable is shown by {@code docker inspect} and lies in an .env file. */
  @Test
  void noSecretComesFromAVariable() {
    services.forEach(
        (name, node) -> {
          Object environment = Chart.mapping(node).get("environment");
          if (environment != null) {
            Chart.mapping(environment)
                .forEach(
                    (variable, value) -> {
                      if (variable.matches(".*(KEY|PASSWORD|SECRET|TOKEN)(_?FILE)?")) {
                        assertThat(variable).as(name).endsWith("FILE");
                        assertThat((String) value).as(name).startsWith("/run/secrets/");
                      }
                    });
          }
        });
  }

  @Test
  void whatIsMountedFromTheProjectIsThere() {
    services.forEach(
        (name, node) -> {
          Object volumes = Chart.mapping(node).get("volumes");
          for (Object volume : volumes == null ? List.of() : (List<?>) volumes) {
            String source = ((String) volume).split(":")[0];
            if (source.startsWith("./")) {
              assertThat(Path.of(source)).as(name).isRegularFile();
            } else if (!source.startsWith("$")) {
              assertThat(Chart.mapping(compose.get("volumes"))).as(name).containsKey(source);
            }
          }
        });
  }

  @Test
  void everyVariableOfTheServiceIsAProperty() throws IOException {
    Set<String> known =
        JsonMapper.shared()
            .readTree(
                getClass().getResourceAsStream("/META-INF/spring-configuration-metadata.json"))
            .path("properties")
            .valueStream()
            .map(it -> it.path("name").asString().replaceAll("[.-]", "").toUpperCase())
            .collect(Collectors.toSet());
    services.forEach(
        (name, node) -> {
          Object environment = Chart.mapping(node).get("environment");
          if (environment != null) {
            Chart.mapping(environment).keySet().stream()
                .filter(variable -> variable.startsWith("ALPHAQUANT_"))
                .forEach(
                    variable ->
                        assertThat(known)
                            .as(name)
                            .contains(
                                variable
                                    .replaceFirst("^ALPHAQUANT_STORES_.*", "ALPHAQUANT_STORES")
                                    .replace("_", "")));
          }
        });
  }
}
