package org.alphaquant.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Clients that generators make of openapi.yaml, each from the plan of a job to its deletion. */
class GeneratedClientsTest {
  private static RunningServer server;
  private static String url;

  @BeforeAll
  static void start() {
    server =
        new RunningServer(
            Map.of(
                "alphaquant.role", "all",
                "alphaquant.worker.devices", "cpu",
                "alphaquant.worker.poll-every", "200ms",
                "alphaquant.models.roots", "src/test/resources/micro"));
    url = server.http().base();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void javaRunsAWholeJob() throws IOException {
    assertWhole(GeneratedClients.java(url));
  }

  @Test
  void openapiTypescriptWithOpenapiFetchRunsAWholeJob() throws IOException {
    assumeTrue(GeneratedClients.hasNpm(), "no npm");
    assertWhole(GeneratedClients.openapiFetch(url));
  }

  @Tag("faults")
  @Test
  void typescriptFetchRunsAWholeJob() throws IOException {
    assumeTrue(GeneratedClients.hasNpm(), "no npm");
    assertWhole(GeneratedClients.typescriptFetch(url));
  }

  @Test
  void pythonRunsAWholeJob() throws IOException {
    String report = GeneratedClients.python(url);
    assumeTrue(!report.isEmpty(), "no Python with pydantic");
    assertWhole(report);
  }

  private static void assertWhole(String report) {
    JsonNode job = JsonMapper.shared().readTree(report);
    assertThat(job.at("/format").asString()).isEqualTo("compressed-tensors");
    assertThat(job.at("/state").asString()).isEqualTo("SUCCEEDED");
    assertThat(job.at("/events").asInt()).isGreaterThan(3);
    assertThat(job.at("/layers").asInt()).isEqualTo(3);
    assertThat(job.at("/files").asInt()).isGreaterThan(3);
    assertThat(job.at("/deleted").asInt()).isEqualTo(204);
  }
}
