package org.alphaquant.api;

import static org.alphaquant.api.ProblemTest.problem;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.alphaquant.api.Http.Answer;
import org.alphaquant.security.SetupToken;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is refused before anything is stored, and what answers leave out. */
class EdgeTest {
  private final RunningServer server = RunningServer.shared();
  private final Http http = server.http();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"model\": \"m\", \"calibration\": {\"texts\": [\"good\", \"a#b\"]}}",
        "{\"model\": \"m\", \"config\": {\"default\": {\"comment\": \"#\"}}}",
        "{\"model\": \"m\", \"config\": {\"overrides\": [{\"pattern\": \"x#\", \"wq\": \"int4\"}]}}",
        "{\"model\": \"m\", \"labels\": {\"a\": \"#\"}}",
        "{\"model\": \"m#\"}"
      })
  void textThatCannotBeStoredIsRefusedWithItsField(String body) {
    for (String unstorable : List.of("\\u0000", "\\ud83d", "\\ude00x")) {
      Answer answer =
          problem(http.postJson("/v1/jobs", body.replace("#", unstorable)), 422, "invalid-job");
      assertThat(answer.at("/errors/0/pointer")).startsWith("/");
      assertThat(answer.at("/detail")).containsAnyOf("U+0000", "surrogate", "control characters");
    }
    assertThat(http.postJson("/v1/jobs", body.replace("#", "\\ud83d\\ude00")).status())
        .isEqualTo(201);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/jobs?owner=%00",
        "/v1/jobs?label.a=%00",
        "/v1/jobs?label.%00=a",
        "/v1/jobs?%00=1",
        "/v1/jobs?state=FAILED%00",
        "/v1/jobs?after=%ff"
      })
  void aParameterThatCannotBeStoredIsRefused(String path) {
    Answer answer = problem(http.get(path), 400, "invalid-parameter");
    assertThat(answer.at("/detail")).containsAnyOf("U+0000", "UTF-8");
  }

  @Test
  void aNameThatCannotBeStoredIsRefused() {
    Answer label =
        http.postJson("/v1/jobs", "{\"model\": \"m\", \"labels\": {\"a\\u0000\": \"b\"}}");
    problem(label, 422, "invalid-job");
    Answer half =
        http.postJson("/v1/jobs", "{\"model\": \"m\", \"labels\": {\"a\\ud83d\": \"b\"}}");
    problem(half, 400, "malformed-json");
    assertThat(http.unchecked("/livez?%00=1").status()).isEqualTo(400);
  }

  @Test
  void aReasonThatCannotBeStoredCancelsNothing() {
    String id = http.postJson("/v1/jobs", "{\"model\": \"m\"}").at("/id");
    problem(http.post("/v1/jobs/" + id + "/cancel?reason=%00"), 400, "invalid-parameter");
    assertThat(http.get("/v1/jobs/" + id).at("/state")).isEqualTo("QUEUED");
  }

  @Test
  void aCursorOfATimeThatNoJobHasIsRefused() {
    for (String time : List.of("+999999999-12-31T23:59:59Z", "-0001-01-01T00:00:00Z")) {
      byte[] plain =
          (time + "_00000000-0000-0000-0000-000000000000").getBytes(StandardCharsets.ISO_8859_1);
      String cursor = Base64.getUrlEncoder().withoutPadding().encodeToString(plain);
      problem(http.get("/v1/jobs?after=" + cursor), 400, "invalid-cursor");
      problem(http.get("/v1/calibrations?after=" + cursor), 400, "invalid-cursor");
    }
  }

  @Test
  void aNumberThatItsFieldCannotHoldIsRefusedWithTheField() {
    for (String number : List.of("99999999999", "-99999999999", "9".repeat(40))) {
      Answer answer =
          problem(
              http.postJson(
                  "/v1/jobs",
                  "{\"model\": \"m\", \"calibration\": {\"samples\": %s}}".formatted(number)),
              400,
              "invalid-number");
      assertThat(answer.at("/errors/0/pointer")).isEqualTo("/calibration/samples");
    }
    problem(http.get("/v1/jobs?limit=99999999999"), 400, "invalid-parameter");
  }

  @Test
  void aDampingOfZeroIsRefusedAtOnce() {
    Answer answer =
        problem(
            http.postJson("/v1/jobs", "{\"model\": \"m\", \"gptq\": {\"damp\": 0}}"),
            422,
            "invalid-job");
    assertThat(answer.at("/detail")).contains("/gptq/damp", "above 0.0 and at most 1.0");
  }

  @Test
  void deletingTakesNoParameterThatItDoesNotKnow() {
    String id = http.postJson("/v1/jobs", "{\"model\": \"m\"}").at("/id");
    http.post("/v1/jobs/" + id + "/cancel");
    Answer answer =
        problem(http.delete("/v1/jobs?state=CANCELLED&after=nonsense"), 400, "invalid-parameter");
    assertThat(answer.at("/detail")).contains("after");
    assertThat(http.get("/v1/jobs/" + id).status()).isEqualTo(200);
  }

  @Test
  void aRepetitionIsAnsweredThoughItsModelIsGone(@TempDir Path models) throws IOException {
    Path model = Files.createDirectory(models.resolve("m"));
    try (Stream<Path> files = Files.list(Path.of("examples/models/olmoe-demo"))) {
      for (Path file : files.toList()) {
        Files.copy(file, model.resolve(file.getFileName()));
      }
    }
    String body = "{\"model\": \"m\", \"config\": {\"default\": {\"group_size\": 32}}}";
    try (RunningServer other = new RunningServer(Map.of("alphaquant.models.roots", models))) {
      String[] key = {"Idempotency-Key", "again"};
      Answer first = other.http().postJson("/v1/jobs", body, key);
      assertThat(first.status()).as(first.text()).isEqualTo(201);
      Files.move(model, models.resolve("elsewhere"));
      Answer second = other.http().postJson("/v1/jobs", body, key);
      assertThat(second.status()).isEqualTo(200);
      assertThat(second.header("Idempotency-Replayed")).isEqualTo("true");
      assertThat(second.at("/id")).isEqualTo(first.at("/id"));
      problem(other.http().postJson("/v1/jobs", body), 422, "invalid-job");
    }
  }

  @Test
  void anAnswerWithoutABodyNeedsNoAgreementOnItsType() {
    String id = http.postJson("/v1/jobs", "{\"model\": \"m\"}").at("/id");
    http.post("/v1/jobs/" + id + "/cancel");
    assertThat(http.delete("/v1/jobs/" + id, "Accept", "application/problem+json").status())
        .isEqualTo(204);
  }

  @Test
  void answersDoNotRepeatTheTexts() {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      texts.add("\"" + "x".repeat(100_000) + "\"");
    }
    Answer created =
        http.postJson(
            "/v1/jobs",
            "{\"model\": \"long\", \"calibration\": {\"texts\": [%s]}}"
                .formatted(String.join(",", texts)));
    assertThat(created.status()).as(created.text()).isEqualTo(201);
    String path = "/v1/jobs/" + created.at("/id");

    assertThat(created.text()).hasSizeLessThan(5000);
    Answer one = http.get(path);
    assertThat(one.text()).hasSizeLessThan(5000);
    assertThat(one.at("/spec/calibration/texts_count")).isEqualTo("10");
    assertThat(one.at("/spec/calibration/texts_characters")).isEqualTo("1000000");
    Answer whole = http.get(path + "?include=spec");
    assertThat(whole.json().at("/spec/calibration/texts")).hasSize(10);
    assertThat(whole.header("ETag")).isNotEqualTo(one.header("ETag"));
    assertThat(http.get("/v1/jobs?limit=1").json().at("/data/0").has("spec")).isFalse();
    problem(http.get(path + "?include=texts"), 400, "invalid-parameter");
  }

  @Test
  void aKeyIsMadeForOwnersThatJobsCanHaveAndForATimeToCome() {
    try (RunningServer other = new RunningServer()) {
      for (String body :
          List.of(
              "{\"owner\": \"a\\tb\", \"scopes\": [\"admin\"]}",
              "{\"owner\": \"a\\u0000\", \"scopes\": [\"admin\"]}",
              "{\"owner\": \"a\", \"scopes\": [\"admin\"], \"expires_at\": \"2020-01-01T00:00:00Z\"}",
              "{\"owner\": \"a\", \"scopes\": [\"admin\"],"
                  + " \"expires_at\": \"+999999999-01-01T00:00:00Z\"}")) {
        Answer answer =
            other.http().postJson("/v1/keys", body, SetupToken.HEADER, RunningServer.SETUP_TOKEN);
        problem(answer, 422, "invalid-body");
      }
      assertThat(other.http().get("/v1/jobs").status()).isEqualTo(200);
    }
  }
}
