package org.alphaquant.api;

import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.alphaquant.security.KeyRing;
import org.alphaquant.security.Scope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The endpoint for agents, used by the protocol's own client. */
@ExtendWith(McpClient.Installed.class)
class McpTest {
  private static final String EXPERTS =
      """
      {"data": [{"layer": 0, "tokens": 64, "top_k": 1, "entropy": 0.8,
        "experts": [{"expert": 0, "tokens": 60, "share": 0.9375, "under_utilized": false},
                    {"expert": 1, "tokens": 4, "share": 0.0625, "under_utilized": true}]}]}
      """;

  private static final String REPORT =
      "{\"contract\": {\"candidates\": 9}, \"warnings\": [], \"linears\": [1], \"experts\": [2]}";

  private final RunningServer server = RunningServer.shared();

  @Test
  void aJobIsPostedWatchedAndLookedAt() throws IOException {
    String submit = call("submit_job", Map.of("job", Map.of("model", "m"), "idempotency_key", "k"));
    JsonNode first = run(submit, submit);
    assertThat(first.get(0)).extracting(tool -> tool.get("name").asString()).hasSize(9);
    JsonNode job = answer(first.get(1));
    assertThat(job.at("/state").asString()).isEqualTo("QUEUED");
    assertThat(job.has("spec")).isFalse();
    assertThat(answer(first.get(2)).at("/id")).isEqualTo(job.at("/id"));

    String id = job.at("/id").asString();
    new TestWorker(server)
        .succeed(id, Map.of("experts.json", EXPERTS, "quantization_report.json", REPORT));
    JsonNode second =
        run(
            call("watch_job", Map.of("id", id, "seconds", 0)),
            call("expert_utilization", Map.of("id", id)),
            call("compare_jobs", Map.of("ids", List.of(id, id))),
            call("list_jobs", Map.of("limit", 1)),
            call("job_report", Map.of("id", id)),
            call("job_report", Map.of("id", id, "size", "int4")));
    assertThat(answer(second.get(5)).toString())
        .isEqualTo("{\"contract\":{\"candidates\":9},\"warnings\":[]}");
    assertThat(refusal(second.get(6))).contains("no report of int4");
    assertThat(answer(second.get(1)).at("/result/bits_per_weight").asDouble()).isEqualTo(4.25);
    assertThat(answer(second.get(2)).at("/data/0/experts/1/under_utilized").asBoolean()).isTrue();
    assertThat(answer(second.get(3))).hasSize(2);
    assertThat(answer(second.get(4))).hasSize(1);
  }

  @Test
  void aRefusalIsAResultInTheServicesOwnWords() throws IOException {
    JsonNode results =
        run(
            call("submit_job", Map.of("job", Map.of("model", "refused"))),
            call("cancel_job", Map.of("id", "00000000-0000-0000-0000-000000000000")),
            call("watch_job", Map.of("id", "../keys")),
            call("watch_job", Map.of()));
    assertThat(refusal(results.get(1))).contains("/config/default/wq");
    assertThat(refusal(results.get(2))).contains("There is no job");
    assertThat(refusal(results.get(3))).contains("../keys");
    assertThat(refusal(results.get(4))).contains("id");
  }

  @Test
  void promptsSayHowTheToolsGoTogether() throws IOException {
    JsonNode results =
        run(
            "{\"prompt\": \"\"}",
            "{\"prompt\": \"quantize_model\", \"arguments\": {\"model\": \"org/moe\"}}",
            "{\"prompt\": \"explain_starved_experts\", \"arguments\": {\"job\": \"j-1\"}}",
            "{\"prompt\": \"quantize_model\", \"arguments\": {}}");
    assertThat(results.get(1).at("/prompts").valueStream().map(it -> it.at("/name").asString()))
        .containsExactlyInAnyOrder(
            "quantize_model", "explain_starved_experts", "compare_results", "fix_failed_job");
    Set<String> tools =
        results.get(0).valueStream().map(it -> it.at("/name").asString()).collect(toSet());
    for (int i : List.of(2, 3)) {
      String text = results.get(i).at("/messages/0/content/text").asString();
      assertThat(text).contains(i == 2 ? "\"org/moe\"" : "the job j-1").doesNotContain("{job}");
      assertThat(Pattern.compile("[a-z]+_(?:jobs?|model|utilization)").matcher(text).results())
          .extracting(MatchResult::group)
          .filteredOn(word -> !word.contains("quantize"))
          .isNotEmpty()
          .isSubsetOf(tools);
    }
    assertThat(results.get(4).at("/error").asString()).contains("'model' is missing");
  }

  @Test
  void aToolMayDoWhatItsKeyMay() throws IOException {
    try (RunningServer closed = new RunningServer()) {
      KeyRing keys = closed.get(KeyRing.class);
      keys.create("root", Set.of(Scope.ADMIN, Scope.READ, Scope.WRITE), null, null);
      String reader = keys.create("ann", Set.of(Scope.READ), null, null).text();
      String url = closed.http().base() + "/mcp";
      String submit = call("submit_job", Map.of("job", Map.of("model", "m")));

      JsonNode results = McpClient.run(url, reader, submit, call("list_jobs", Map.of()));

      assertThat(refusal(results.get(1))).contains("403");
      assertThat(answer(results.get(2))).isEmpty();
      assertThatThrownBy(() -> McpClient.run(url, null, submit)).hasMessageContaining("401");
    }
  }

  private JsonNode run(String... calls) throws IOException {
    return McpClient.run(server.http().base() + "/mcp", null, calls);
  }

  private static String call(String tool, Map<String, Object> arguments) {
    return JsonMapper.shared().writeValueAsString(Map.of("name", tool, "arguments", arguments));
  }

  private static JsonNode answer(JsonNode result) {
    assertThat(result.path("isError").asBoolean(false)).as(result.toString()).isFalse();
    return JsonMapper.shared().readTree(result.at("/content/0/text").asString());
  }

  private static String refusal(JsonNode result) {
    assertThat(result.path("isError").asBoolean(false)).as(result.toString()).isTrue();
    return result.at("/content/0/text").asString();
  }
}
