package org.alphaquant.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.UUID;
import org.alphaquant.api.Http.Answer;
import org.alphaquant.database.TcpProxy;
import org.alphaquant.database.TestDatabases;
import org.junit.jupiter.api.Test;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;

class ProblemTest {

  private final Http http = RunningServer.shared().http();

  @Test
  void anUnknownParameterIsRefusedWhereverItIsGiven() {
    String job = http.postJson("/v1/jobs", "{\"model\": \"m\"}").at("/id");
    for (String path : new String[] {"", "/events", "/experts", "/artifacts", "/log"}) {
      Answer answer =
          problem(http.get("/v1/jobs/" + job + path + "?nope=1"), 400, "invalid-parameter");
      assertThat(answer.at("/errors/0/code")).isEqualTo("unknown-parameter");
    }
    problem(http.get("/v1/keys?owner=a"), 400, "invalid-parameter");
    assertThat(problem(http.get("/v1/jobs?fields=id"), 400, "invalid-parameter").at("/detail"))
        .isEqualTo(
            "fields is not a parameter of this request, which has state, owner, after, limit, label.<name>");
    problem(http.postJson("/v1/plans?nope=1", "{\"model\": \"m\"}"), 400, "invalid-parameter");
    assertThat(http.get("/v1/jobs/" + job + "/events?after=0").status()).isEqualTo(200);
  }

  @Test
  void aContentTypeThatIsNoneIsRepeated() {
    Answer answer =
        problem(http.postAs("garbage", "/v1/jobs", "{}"), 415, "unsupported-media-type");
    assertThat(answer.at("/detail")).contains("The Content-Type is garbage");
  }

  @Test
  void anUnknownPathIsAProblem() {
    Answer answer = problem(http.get("/v1/nope"), 404, "not-found");
    assertThat(answer.at("/detail")).contains("/v1/nope");
    problem(http.get("/nope"), 404, "not-found");
    problem(http.get("/v1/jobs/"), 404, "not-found");
  }

  @Test
  void anUnknownJobIsAProblem() {
    String id = UUID.randomUUID().toString();
    for (String path : new String[] {"", "/events", "/experts", "/artifacts", "/artifacts/a.txt"}) {
      Answer answer = problem(http.get("/v1/jobs/" + id + path), 404, "job-not-found");
      assertThat(answer.at("/detail")).contains(id);
    }
    problem(http.post("/v1/jobs/" + id + "/cancel"), 404, "job-not-found");
  }

  @Test
  void anIdThatIsNoUuidIsAProblem() {
    Answer answer = problem(http.get("/v1/jobs/7"), 400, "invalid-parameter");
    assertThat(answer.at("/errors/0/pointer")).isEqualTo("id");
    assertThat(answer.at("/errors/0/detail")).isEqualTo("must be a UUID");
    assertThat(answer.at("/errors/0/value")).isEqualTo("7");
  }

  @Test
  void anotherMethodIsAProblemWithTheMethodsThereAre() {
    Answer answer = problem(http.delete("/v1/presets"), 405, "method-not-allowed");
    assertThat(answer.header("Allow")).contains("GET");
    problem(http.get("/v1/jobs/" + UUID.randomUUID() + "/cancel"), 405, "method-not-allowed");
  }

  @Test
  void anAcceptOfProblemsAloneIsAnsweredInJson() {
    String[] accept = {"Accept", "application/problem+json"};
    Answer list = http.get("/v1/presets", accept);
    assertThat(list.status()).isEqualTo(200);
    assertThat(list.json().at("/data").size()).isPositive();
    problem(
        http.get("/v1/jobs/00000000-0000-0000-0000-000000000000", accept), 404, "job-not-found");
  }

  @Test
  void anAcceptThatCannotBeMetIsAProblem() {
    Answer answer = problem(http.get("/v1/jobs", "Accept", "text/csv"), 406, "not-acceptable");
    assertThat(answer.at("/detail")).contains("text/csv", "application/json");
  }

  @Test
  void anotherMediaTypeIsAProblem() {
    String body = "{\"model\": \"m\"}";
    for (String type :
        new String[] {"text/plain", "application/x-www-form-urlencoded", "nonsense"}) {
      Answer answer = problem(http.postAs(type, "/v1/jobs", body), 415, "unsupported-media-type");
      assertThat(answer.at("/detail")).contains("application/json");
    }
  }

  @Test
  void brokenJsonIsAProblemWithLineAndColumn() {
    Answer answer = problem(http.postJson("/v1/jobs", "{\n  \"model\": }"), 400, "malformed-json");
    assertThat(answer.at("/detail")).startsWith("Line 2, column ");
    problem(http.postJson("/v1/jobs", ""), 400, "malformed-json");
    problem(http.postJson("/v1/jobs", "null"), 400, "malformed-json");
  }

  @Test
  void aJobThatCannotRunIsAProblemWithAllItsFaults() {
    Answer answer =
        problem(
            http.postJson(
                "/v1/jobs", "{\"gptq\": {\"damp\": -1}, \"calibration\": {\"sample\": 3}}"),
            422,
            "invalid-job");
    assertThat(answer.json().get("errors"))
        .extracting(error -> error.get("pointer").asString())
        .containsExactlyInAnyOrder("/gptq/damp", "/calibration/sample", "/model");
  }

  @Test
  void whatThePreflightFindsIsToldWithThePlaceTheValueAndWhatIsAllowed() {
    Answer answer =
        problem(http.postJson("/v1/jobs", "{\"model\": \"refused\"}"), 422, "invalid-job");
    assertThat(answer.at("/detail")).isEqualTo("/config/default/wq is no format");
    assertThat(answer.at("/errors/0/value")).isEqualTo("int5");
    assertThat(answer.json().at("/errors/0/allowed").toString()).isEqualTo("[\"int4\",\"int8\"]");
    assertThat(http.get("/v1/jobs?limit=200").text()).doesNotContain("\"refused\"");
  }

  @Test
  void aBodyThatIsTooLongIsAProblemWhetherItsLengthIsKnownOrNot() {
    try (RunningServer small = new RunningServer(Map.of("alphaquant.api.max-body", "1KB"))) {
      Http http = small.http();
      String body = "{\"model\": \"" + "x".repeat(5000) + "\"}";
      Answer known = problem(http.postJson("/v1/jobs", body), 413, "content-too-large");
      assertThat(known.at("/detail")).contains("1024 bytes");
      byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
      problem(
          http.send(
              http.request("/v1/jobs", "Content-Type", "application/json")
                  .POST(BodyPublishers.fromPublisher(BodyPublishers.ofByteArray(bytes)))),
          413,
          "content-too-large");
    }
  }

  @Test
  void aDatabaseThatIsAwayIsAProblemWithATimeToComeBack() throws IOException {
    JdbcConnectionDetails database = TestDatabases.create();
    Map<String, Object> impatient =
        Map.of(
            "alphaquant.security.key-cache", "0s",
            "spring.datasource.hikari.connection-timeout", 500,
            "spring.datasource.hikari.validation-timeout", 300,
            "spring.datasource.hikari.data-source-properties.socketTimeout", 1);
    try (TcpProxy proxy = new TcpProxy(database);
        RunningServer server =
            new RunningServer(proxy.through(database), impatient, context -> {})) {
      Http http = server.http();
      assertThat(http.get("/v1/jobs").status()).isEqualTo(200);
      proxy.fallSilent();
      Answer away = problem(http.get("/v1/jobs"), 503, "service-unavailable");
      assertThat(away.header("Retry-After")).isEqualTo("5");
      assertThat(http.get("/readyz").status()).isEqualTo(503);
      assertThat(server.management().get("/actuator/health/liveness").status()).isEqualTo(200);
      assertThat(http.get("/livez").status()).isEqualTo(200);
      assertThat(server.management().get("/actuator/prometheus").status()).isEqualTo(200);
      proxy.recover();
      await().untilAsserted(() -> assertThat(http.get("/v1/jobs").status()).isEqualTo(200));
    }
  }

  @Test
  void sessionsThatTheDatabaseEndedAreNoFaultOfTheService() {
    try (RunningServer server = new RunningServer()) {
      for (int i = 0; i < 10; i++) {
        assertThat(server.http().get("/v1/jobs").status()).isIn(200, 503);
        TestDatabases.endSessions(server.database());
      }
      await()
          .untilAsserted(() -> assertThat(server.http().get("/v1/jobs").status()).isEqualTo(200));
    }
  }

  @Test
  void anIllegalRequestLineIsAProblemToo() throws IOException {
    String answer = raw("GET /v1/jobs?a=[ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assertThat(answer).startsWith("HTTP/1.1 400").contains("application/problem+json");
    assertThat(answer).contains("\"code\":\"bad-request\"").doesNotContain("<html", "Tomcat");
    assertThat(raw("GET /v1/%2e%2e/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
        .contains("application/problem+json");
  }

  @Test
  void aClientsRequestIdIsKeptUnlessItCouldForgeALogLine() {
    Answer kept = http.get("/v1/jobs/7", "X-Request-Id", "abc-1");
    assertThat(kept.header("X-Request-Id")).isEqualTo("abc-1");
    assertThat(kept.at("/request_id")).isEqualTo("abc-1");
    Answer refused = http.get("/v1/jobs/7", "X-Request-Id", "a b\tc");
    assertThat(refused.header("X-Request-Id")).hasSize(36);
  }

  private String raw(String request) throws IOException {
    URI uri = URI.create(http.base());
    try (Socket socket = new Socket(uri.getHost(), uri.getPort());
        OutputStream out = socket.getOutputStream();
        InputStream in = socket.getInputStream()) {
      out.write(request.getBytes(StandardCharsets.ISO_8859_1));
      out.flush();
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  static Answer problem(Answer answer, int status, String code) {
    assertThat(answer.status()).as(answer.text()).isEqualTo(status);
    assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
    assertThat(answer.at("/code")).isEqualTo(code);
    assertThat(answer.at("/type")).isEqualTo("urn:alphaquant:problem:" + code);
    assertThat(answer.json().get("status").asInt()).isEqualTo(status);
    assertThat(answer.at("/instance")).isEqualTo(answer.response().uri().getPath());
    assertThat(answer.at("/request_id")).isEqualTo(answer.header("X-Request-Id"));
    return answer;
  }
}
