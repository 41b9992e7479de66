package org.alphaquant.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class WebhookApiTest {
  private static final String JOB = "{\"model\": \"m\", \"webhook\": {\"url\": \"%s\"}}";

  private static RunningServer server;
  private static Http http;

  @BeforeAll
  static void start() {
    server =
        new RunningServer(
            Map.of(
                "alphaquant.models.roots",
                "examples/models",
                "alphaquant.webhooks.allowed-hosts",
                "127.0.0.1:1",
                "alphaquant.webhooks.secret",
                "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="));
    http = server.http();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void aJobsMessagesAreShown() {
    String id =
        http.postJson(
                "/v1/jobs",
                JOB.formatted("https://127.0.0.1:1/hook")
                    .replace(
                        "\"m\"", "\"olmoe-demo\", \"config\": {\"default\": {\"group_size\": 32}}"))
            .at("/id");
    assertThat(http.get("/v1/jobs/" + id).text()).contains("\"events\":[\"SUCCEEDED\"");
    assertThat(http.get("/v1/jobs/" + id + "/webhooks").json().get("data")).isEmpty();
    http.post("/v1/jobs/" + id + "/cancel");
    Http.Answer answer = http.get("/v1/jobs/" + id + "/webhooks");
    assertThat(answer.at("/data/0/event")).isEqualTo("CANCELLED");
    assertThat(answer.at("/data/0/url")).isEqualTo("https://127.0.0.1:1/hook");
    assertThat(answer.at("/data/0/id")).startsWith("msg_");
  }

  @Test
  void aHostThatIsNotAllowedIsRefusedWithTheJob() {
    Http.Answer answer = http.postJson("/v1/jobs", JOB.formatted("https://10.0.0.1/x"));
    ProblemTest.problem(answer, 422, "invalid-job");
    assertThat(answer.text())
        .contains("/webhook/url", "must be at one of the hosts", "127.0.0.1:1");
  }

  @Test
  void anAddressThatIsNoneIsRefused() {
    for (String url :
        new String[] {"ftp://a.test", "https://user:pw@a.test", "/x", "https://a b"}) {
      Http.Answer answer = http.postJson("/v1/jobs", JOB.formatted(url));
      assertThat(answer.status()).as(url).isBetween(400, 422);
      assertThat(answer.text()).contains("/webhook/url", "must be an http or https address");
    }
    Http.Answer answer =
        http.postJson(
            "/v1/jobs",
            "{\"model\": \"m\", \"webhook\": {\"url\": \"https://a.test\", \"events\": [\"DONE\"]}}");
    ProblemTest.problem(answer, 422, "invalid-job");
    assertThat(answer.text()).contains("/webhook/events/0", "DONE");
  }
}
