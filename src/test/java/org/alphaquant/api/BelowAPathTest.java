package org.alphaquant.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The service below a path of a host that others share. */
class BelowAPathTest {

  @Test
  void keysProbesAndLocationsFollowThePath() throws Exception {
    try (RunningServer server =
        new RunningServer(Map.of("server.servlet.context-path", "/quantize"))) {
      Http http = server.http();
      HttpResponse<byte[]> made =
          http.unchecked(
                  http.request("/quantize/v1/jobs")
                      .header("Content-Type", "application/json")
                      .POST(
                          java.net.http.HttpRequest.BodyPublishers.ofString("{\"model\": \"m\"}")))
              .response();
      assertThat(made.statusCode()).isEqualTo(201);
      String location = made.headers().firstValue("Location").orElseThrow();
      assertThat(location).startsWith("/quantize/v1/jobs/");
      assertThat(http.unchecked(location).status()).isEqualTo(200);
      assertThat(http.unchecked("/quantize/livez").status()).isEqualTo(200);
      assertThat(http.unchecked("/v1/jobs").status()).isEqualTo(404);
    }
  }
}
