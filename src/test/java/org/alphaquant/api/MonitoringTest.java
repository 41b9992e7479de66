package org.alphaquant.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.alphaquant.deploy.Tools;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.yaml.snakeyaml.Yaml;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The committed dashboard and alert rules ask for series that a real scrape has. */
class MonitoringTest {
  private static final Path ALERTS = Path.of("helm/files/alerts.yaml");
  private static final Path DASHBOARD = Path.of("helm/files/dashboard.json");
  private static final Pattern SELECTOR = Pattern.compile("\\b([a-z]+(?:_[a-z]+)+)\\b(\\{[^}]*})?");
  private static final Pattern MATCHER = Pattern.compile("(\\w+)(=~|!=|=)\"([^\"]*)\"");
  private static final Set<String> FUNCTIONS = Set.of("histogram_quantile");

  @TempDir Path directory;

  @Test
  void everySeriesThatTheDashboardAndTheAlertsAskForIsScraped() throws IOException {
    String scrape;
    Map<String, Object> worker =
        Map.of("alphaquant.role", "all", "alphaquant.worker.devices", "cpu");
    try (RunningServer server = new RunningServer(worker)) {
      server.http().get("/v1/jobs");
      scrape = server.management().get("/actuator/prometheus").text();
    }
    List<String> expressions = expressions();
    assertThat(expressions).hasSizeGreaterThan(20);
    List<String> missing = new ArrayList<>();
    for (String expression : expressions) {
      // Labels that results are grouped by are no series.
      String series = expression.replaceAll("\\b(by|without|on) \\([^)]*\\)", "");
      Matcher selector = SELECTOR.matcher(series);
      while (selector.find()) {
        if (!FUNCTIONS.contains(selector.group(1)) && !isIn(scrape, selector)) {
          missing.add(selector.group() + " of " + expression);
        }
      }
    }
    assertThat(missing).isEmpty();
  }

  private static boolean isIn(String scrape, Matcher selector) {
    Stream<String> lines =
        scrape.lines().filter(line -> line.matches(selector.group(1) + "[{ ].*"));
    if (selector.group(2) == null) {
      return lines.findAny().isPresent();
    }
    Matcher label = MATCHER.matcher(selector.group(2));
    while (label.find()) {
      String name = label.group(1);
      Pattern wanted =
          label.group(2).equals("=")
              ? Pattern.compile("[{,]" + name + "=\"" + Pattern.quote(label.group(3)) + "\"")
              : Pattern.compile("[{,]" + name + "=\"");
      lines = lines.filter(line -> wanted.matcher(line).find());
    }
    return lines.findAny().isPresent();
  }

  private static List<String> expressions() throws IOException {
    List<String> all = new ArrayList<>();
    for (JsonNode panel : dashboard().path("panels")) {
      panel.path("targets").forEach(target -> all.add(target.path("expr").asString()));
    }
    Map<String, Object> rules = new Yaml().load(Files.readString(ALERTS));
    for (Object group : (List<?>) rules.get("groups")) {
      for (Object rule : (List<?>) ((Map<?, ?>) group).get("rules")) {
        all.add((String) ((Map<?, ?>) rule).get("expr"));
      }
    }
    return all;
  }

  private static JsonNode dashboard() throws IOException {
    return JsonMapper.shared().readTree(Files.readString(DASHBOARD));
  }

  @Test
  void prometheusTakesTheRulesAndTheyFireWhenTheyShould() {
    Tools.need("promtool");
    Tools.run("promtool", "check", "rules", ALERTS.toString());
    Tools.run("promtool", "test", "rules", "src/test/resources/deploy-alert-tests.yaml");
  }

  @Test
  void prometheusTakesItsConfigurationAndTheExpressionsOfTheDashboard() throws IOException {
    Tools.need("promtool");
    Path key = Files.writeString(directory.resolve("key"), "key");
    Files.copy(ALERTS, directory.resolve("alerts.yaml"));
    Path config =
        Files.writeString(
            directory.resolve("prometheus.yml"),
            Files.readString(Path.of("examples/monitoring/prometheus.yml"))
                .replace("/run/secrets/admin_key", key.toString()));
    Tools.run("promtool", "check", "config", config.toString());

    StringBuilder rules = new StringBuilder("groups:\n- name: dashboard\n  rules:\n");
    int number = 0;
    for (String expression : expressions()) {
      rules.append(
          "  - {record: 'expression:%d', expr: %s}\n"
              .formatted(
                  number++,
                  JsonMapper.shared()
                      .writeValueAsString(expression.replace("$__rate_interval", "5m"))));
    }
    Path file = Files.writeString(directory.resolve("dashboard.yaml"), rules);
    Tools.run("promtool", "check", "rules", file.toString());
  }

  @Test
  void everyPanelHasAnIdOfItsOwnAndAPlace() throws IOException {
    Set<Integer> ids = new TreeSet<>();
    boolean[][] taken = new boolean[100][24];
    for (JsonNode panel : dashboard().path("panels")) {
      assertThat(ids.add(panel.path("id").asInt())).isTrue();
      JsonNode place = panel.path("gridPos");
      for (int y = place.path("y").asInt();
          y < place.path("y").asInt() + place.path("h").asInt();
          y++) {
        for (int x = place.path("x").asInt();
            x < place.path("x").asInt() + place.path("w").asInt();
            x++) {
          assertThat(taken[y][x]).as(panel.path("title").asString()).isFalse();
          taken[y][x] = true;
        }
      }
    }
  }

  @Test
  void everyAlertIsExplained() throws IOException {
    String page = Files.readString(Path.of("docs/operations.md"));
    Matcher alert = Pattern.compile("alert: (\\w+)").matcher(Files.readString(ALERTS));
    List<String> names = alert.results().map(it -> it.group(1)).collect(Collectors.toList());
    assertThat(names).hasSizeGreaterThan(5).allSatisfy(name -> assertThat(page).contains(name));
  }
}
