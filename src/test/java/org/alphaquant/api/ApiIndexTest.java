package org.alphaquant.api;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class ApiIndexTest {
  private final RunningServer server = RunningServer.shared();

  @Test
  void theRootOfTheApiLeadsToItsDoors() {
    JsonNode index = server.http().get("/v1").json();
    assertThat(index.at("/name").asString()).isEqualTo("AlphaQuant Server");
    assertThat(index.get("links")).isNotEmpty();
    index
        .get("links")
        .forEachEntry(
            (name, path) ->
                assertThat(server.http().unchecked(path.asString()).status())
                    .as(name)
                    .isNotEqualTo(404));
  }

  @Test
  void theProgramTellsItsVersionItsJavaAndItsLibtorch() {
    JsonNode info = server.management().unchecked("/actuator/info").json();
    assertThat(info.at("/build/version").asString()).isNotEmpty();
    assertThat(info.at("/build/libtorch").asString()).matches("2\\.\\d+\\.\\d+");
    assertThat(info.at("/java/version").asString()).isNotEmpty();
  }
}
