package org.alphaquant.api;

import static org.alphaquant.api.ProblemTest.problem;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.alphaquant.api.Http.Answer;
import org.alphaquant.security.SetupToken;
import org.junit.jupiter.api.Test;

/** Who is not let in though nothing but reaching the service would be asked for. */
class DoorsTest {
  private static final String JOB = "{\"model\": \"m\"}";

  private final RunningServer server = RunningServer.shared();
  private final Http http = server.http();

  @Test
  void aServiceWithoutKeysAnswersToItsOwnNamesAlone() throws IOException {
    for (Http port : List.of(http, server.management())) {
      String path = port == http ? "/v1/jobs" : "/actuator/health";
      assertThat(status(port, "GET", path, "Host: evil.example")).isEqualTo(421);
      assertThat(status(port, "GET", path, "Host: evil.example:8080")).isEqualTo(421);
      assertThat(status(port, "GET", path, "Host: localhost.evil.example")).isEqualTo(421);
      for (String own : List.of("localhost", "127.0.0.1:1", "LOCALHOST:8080", "a.localhost")) {
        assertThat(status(port, "GET", path, "Host: " + own)).as(own).isEqualTo(200);
      }
    }
  }

  @Test
  void configuredNamesAreServedToo() throws IOException {
    try (RunningServer named =
        new RunningServer(Map.of("alphaquant.security.allowed-hosts", "quant.example"))) {
      assertThat(status(named.http(), "GET", "/v1/jobs", "Host: quant.example")).isEqualTo(200);
      assertThat(status(named.http(), "GET", "/v1/jobs", "Host: other.example")).isEqualTo(421);
    }
  }

  @Test
  void aPageOfAnotherSiteChangesNothing() {
    String id = http.postJson("/v1/jobs", JOB).at("/id");
    String cancel = "/v1/jobs/" + id + "/cancel";
    problem(http.post(cancel, "Origin", "http://evil.example"), 403, "foreign-origin");
    problem(http.post(cancel, "Origin", "null"), 403, "foreign-origin");
    problem(http.post(cancel, "Sec-Fetch-Site", "cross-site"), 403, "foreign-origin");
    problem(http.get("/v1/jobs", "Origin", "http://evil.example"), 403, "foreign-origin");
    assertThat(http.get("/v1/jobs/" + id).at("/state")).isEqualTo("QUEUED");
    assertThat(http.get("/v1/jobs", "Sec-Fetch-Site", "cross-site").status()).isEqualTo(200);
    assertThat(http.post(cancel, "Origin", http.base(), "Sec-Fetch-Site", "same-origin").status())
        .isEqualTo(200);
  }

  @Test
  void theFirstKeyIsMadeByWhoKnowsTheTokenAndOpensAllDoors() {
    try (RunningServer fresh = new RunningServer()) {
      String admin = "{\"owner\": \"a\", \"scopes\": [\"admin\"]}";
      problem(fresh.http().postJson("/v1/keys", admin), 403, "setup-token-needed");
      problem(
          fresh.http().postJson("/v1/keys", admin, SetupToken.HEADER, "x"),
          403,
          "setup-token-needed");
      String[] token = {SetupToken.HEADER, RunningServer.SETUP_TOKEN};
      Answer without =
          problem(
              fresh
                  .http()
                  .postJson("/v1/keys", "{\"owner\": \"a\", \"scopes\": [\"read\"]}", token),
              422,
              "invalid-body");
      assertThat(without.at("/detail")).contains("admin");
      assertThat(fresh.http().get("/v1/jobs").status()).isEqualTo(200);
      assertThat(fresh.http().postJson("/v1/keys", admin, token).status()).isEqualTo(201);
      problem(fresh.http().postJson("/v1/keys", admin, token), 401, "unauthorized");
    }
  }

  @Test
  void whatTheContainerRefusesHasABodyOfItsStatus() throws IOException {
    assertThat(raw(http, "GET /livez HTTP/3.0\r\nHost: localhost\r\n\r\n"))
        .contains(" 505 ", "http-version-not-supported");
    assertThat(
            raw(
                http,
                "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n"))
        .contains(" 501 ", "not-implemented");
    String host = "Host: localhost\r\nConnection: close\r\n\r\n";
    for (Http port : new Http[] {http, server.management()}) {
      assertThat(raw(port, "GET /%2e%2e/ HTTP/1.1\r\n" + host))
          .contains(" 400 ", "application/problem+json")
          .doesNotContain("<html");
      assertThat(raw(port, "GET /error HTTP/1.1\r\n" + host)).contains(" 404 ", "not-found");
    }
    Answer multipart = http.postAs("multipart/form-data", "/v1/jobs", "x");
    assertThat(multipart.status()).isBetween(400, 499);
  }

  static int status(Http port, String method, String path, String header) throws IOException {
    String answer =
        raw(
            port,
            "%s %s HTTP/1.1\r\n%s\r\nConnection: close\r\n\r\n".formatted(method, path, header));
    return Integer.parseInt(answer.split(" ", 3)[1]);
  }

  private static String raw(Http to, String request) throws IOException {
    try (Socket socket =
        new Socket(InetAddress.getLoopbackAddress(), URI.create(to.base()).getPort())) {
      socket.setSoTimeout(10_000);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
