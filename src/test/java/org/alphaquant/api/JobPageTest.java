package org.alphaquant.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.LadderSize;
import org.alphaquant.job.row.Jobs;
import org.alphaquant.job.row.NewJob;
import org.alphaquant.measure.PerplexityChange;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What the page shows of a job and of its result, as a person with a browser sees it. */
class JobPageTest extends OnThePage {
  // Seconds after which a person notices that a page does not follow.
  private static final double LONG_TASK = 0.2;

  private static final String CELL =
      "const canvas = document.querySelector('.heat > canvas'); const box = canvas.getBoundingClientRect();"
          + " const x = box.left + 34 + (arguments[0] + 0.5) * (box.width - 34) / arguments[2];"
          + " const y = box.top + (arguments[1] + 0.5) * box.height / arguments[3];"
          + " for (const type of arguments[4]) canvas.dispatchEvent("
          + "new MouseEvent(type, {clientX: x, clientY: y, bubbles: true}));";

  @Test
  void theDemoIsPostedFromTheFormWatchedAndServed() {
    try (RunningServer server = withWorker()) {
      browser.open(page(server, "/new"));
      browser.type("input[name=model]", "olmoe-demo");
      edit("{\"model\": \"away/model\"}");
      browser.text("#plan", "The model could not be looked at");
      await().until(() -> browser.element("button.primary").isEnabled());
      edit(demoJob());
      browser.text("#plan", "compressed-tensors");
      browser.fits("new-job");
      browser.isAccessible("new job");
      browser.width(1440);
      await().until(() -> browser.element("button.primary").isEnabled());
      browser.click("button.primary", "Post the job");

      browser.text(".state.succeeded", "succeeded");
      browser.text("h2", "Serve it");
      assertThat(browser.text(".copy pre", "vllm serve").getText())
          .contains("vllm serve ./olmoe-demo-compressed-tensors");
      theHeatMapShowsTheApisFigures(server);
      for (String theme : List.of("light", "dark")) {
        browser.theme(theme);
        browser.isAccessible("job, " + theme);
        browser.fits("job-" + theme);
      }
    }
  }

  private static void theHeatMapShowsTheApisFigures(RunningServer server) {
    String id = browser.address().replaceAll(".*/", "");
    JsonNode layers = server.http().get("/v1/jobs/" + id + "/experts").json().get("data");
    JsonNode layer = layers.get(1);
    JsonNode expert = layer.get("experts").get(2);
    browser.run(
        CELL, 2, 1, layer.get("experts").size(), layers.size(), List.of("pointermove", "click"));
    assertThat(browser.element(".heat output").getText())
        .contains("Layer %d, expert 2".formatted(layer.get("layer").asInt()))
        .contains("%,d tokens".formatted(expert.get("tokens").asLong()))
        .contains("%.2f %%".formatted(100 * expert.get("share").asDouble()));
    assertThat(browser.text(".notice", "expert 2").getText()).contains("down_proj", "int4");
  }

  @Test
  void twoResultsAreCompared() {
    TestWorker worker = new TestWorker(scripted);
    for (int i = 0; i < 2; i++) {
      worker.succeed(post(scripted, "compared"));
    }
    browser.open(page(scripted, "/jobs?find=compared"));
    await().until(() -> browser.count("tbody tr") == 2);
    for (int i = 0; i < 2; i++) {
      browser.run("document.querySelectorAll('td input[type=checkbox]')[arguments[0]].click()", i);
    }
    browser.click("button", "Compare 2");

    browser.text("h2", "Quality against size");
    assertThat(browser.count("circle")).isEqualTo(2);
    assertThat(browser.element("tbody").getText()).contains("5.6900", "+0.53 %");
    for (String theme : List.of("light", "dark")) {
      browser.theme(theme);
      browser.isAccessible("compare, " + theme);
      browser.fits("compare-" + theme);
    }
  }

  @Test
  void theSizesOfALadderAreDrawnAsTheyCome() {
    TestWorker worker = new TestWorker(scripted);
    String id = post(scripted, "ladder");
    worker.claim(id);
    List<LadderSize> sizes =
        LadderSize.ranked(List.of(size("int4", 1000, 5.7), size("int8", 2000, 5.66)));
    worker.event(id, "ladder", Map.of("sizes", sizes, "of", 3));
    browser.open(page(scripted, "/jobs/" + id));
    browser.text("h2", "Sizes, 2 of 3");
    await().until(() -> browser.count("circle") == 2);
    assertThat(browser.element("#size-int4").getText()).contains("5.7000", "best at its size");
    browser.isAccessible("ladder");
    browser.fits("ladder");
  }

  @Test
  void whatAContractTriedIsShownWithTheOneThatWasChosen() {
    TestWorker worker = new TestWorker(scripted);
    String id = post(scripted, "contract");
    worker.claim(id);
    worker.event(
        id,
        "contract",
        JsonMapper.shared()
            .readTree(
                """
                {"asked": {"max_kl": 0.02}, "candidates": 9, "proofs": 1,
                 "tried": [{"config": {"default": {"wq": "int3"}}, "bytes": 1000, "bits_per_weight": 3.5,
                   "verdict": {"holds": false, "terms": [{"name": "max_kl", "limit": 0.02,
                     "value": 0.0202, "low": 0.016, "high": 0.0251, "holds": false}]}},
                  {"config": {"default": {"wq": "int4"}}, "bytes": 2000, "bits_per_weight": 4.5,
                   "verdict": {"holds": true, "terms": [{"name": "max_kl", "limit": 0.02,
                     "value": 0.0026, "low": 0.0018, "high": 0.0035, "holds": true}]}}],
                 "config": {"default": {"wq": "int4"}},
                 "proof": {"holds": true, "terms": [{"name": "max_kl", "limit": 0.02,
                   "value": 0.003, "low": 0.002, "high": 0.004, "holds": true}]}}
                """));
    browser.open(page(scripted, "/jobs/" + id));
    browser.text("h2", "Contract");
    assertThat(browser.element("main").getText())
        .contains("2 of 9 plans were tried", "fails", "chosen", "measured 0.0030");
    browser.isAccessible("contract");
    browser.fits("contract");
  }

  @Test
  void howNearTheTextCameToTheTrafficIsDrawn() {
    TestWorker worker = new TestWorker(scripted);
    String id =
        scripted
            .http()
            .postJson(
                "/v1/jobs",
                "{\"model\": \"fitted\", \"recipe\": \"allocate\", \"budget\": {\"bits_per_weight\": 4}}")
            .at("/id");
    worker.succeed(
        id,
        Map.of(
            "quantization_report.json",
            """
            {"calibration": {"traffic": {"sha256": "00", "origin": "counts.json", "span": 16, "effective": 0.62,
              "layers": [{"layer": 0, "before": 0.31, "after": 0.12, "shares": [0.7, 0.3]},
                         {"layer": 1, "before": 0.25, "after": 0.08, "shares": [0.2, 0.8]}],
              "unseen": ["1.7"]}}, "linears": [], "warnings": []}
            """));
    browser.open(page(scripted, "/jobs/" + id));
    browser.text("h2", "Fitted to traffic");
    assertThat(browser.element("main").getText())
        .contains("62 % of the text counts, in spans of 16 tokens. Counts from counts.json.")
        .contains("1 experts that no calibration token reached");
    assertThat(browser.element("main").getText()).contains("the weighted text");
    browser.isAccessible("traffic");
    browser.fits("traffic");
  }

  @Test
  void countsOfTrafficAreNamedInTheFormAndInTheBodyAlike() {
    browser.open(page(scripted, "/new"));
    browser.type("input[name=model]", "olmoe");
    browser.type("input[name=traffic]", "counts.json");
    await()
        .untilAsserted(
            () ->
                assertThat(posted().at("/traffic/expert_counts").asString())
                    .isEqualTo("counts.json"));
    edit(
        "{\"model\": \"olmoe\", \"traffic\": {\"expert_counts\": \"upload:7\", \"effective\": 0.4}}");
    await()
        .untilAsserted(
            () ->
                assertThat(
                        browser.run("return document.querySelector('input[name=traffic]').value"))
                    .isEqualTo("upload:7"));
    browser.type("input[name=traffic]", "other.json");
    await()
        .untilAsserted(
            () ->
                assertThat(posted().at("/traffic").toString())
                    .isEqualTo("{\"expert_counts\":\"other.json\",\"effective\":0.4}"));
  }

  @Test
  void theFormFollowsABodyThatLeavesItsPresetAndItsModel() {
    browser.open(page(scripted, "/new"));
    browser.text("h1", "New job");
    browser.run(
        "const preset = document.querySelector('select[name=preset]');"
            + " preset.value = 'olmoe'; preset.dispatchEvent(new Event('change'));");
    browser.text("form p.sub", "routers untouched");
    edit("{\"model\": \"olmoe\", \"config\": {}}");
    assertThat(browser.run("return document.querySelector('form p.sub').hidden")).isEqualTo(true);
    edit("{\"model\": \"\"}");
    browser.text("#plan", "Name a model");
  }

  private static void edit(String body) {
    browser.run(
        "const editor = document.querySelector('textarea[name=body]');"
            + " editor.value = arguments[0]; editor.dispatchEvent(new Event('input'));",
        body);
  }

  // The body in the editor.
  private static JsonNode posted() {
    return JsonMapper.shared()
        .readTree(
            String.valueOf(
                browser.run("return document.querySelector('textarea[name=body]').value")));
  }

  private static LadderSize size(String name, long bytes, double perplexity) {
    JobResult result =
        new JobResult(
            new PerplexityChange(5.65, perplexity, null, null, null, null, null),
            null,
            null,
            bytes / 250.0,
            new JobResult.Size(4000, bytes),
            List.of());
    return LadderSize.of(name, result, false, 12);
  }

  @Test
  void aStarvedExpertIsNamed() {
    TestWorker worker = new TestWorker(scripted);
    String id = post(scripted, "starved");
    worker.claim(id);
    worker.event(id, "experts", experts(0, 8, 3));
    browser.open(page(scripted, "/jobs/" + id));
    browser.text("h2", "Expert utilization");
    await()
        .untilAsserted(
            () ->
                assertThat(browser.element(".heat > canvas").getDomAttribute("aria-label"))
                    .contains("1 layers by 8 experts, 1 under-utilized"));
    assertThat(browser.element(".starved").getText()).contains("1 of 8 experts are under-utilized");
    browser.click(".starved button", "layer 0, expert 3");
    assertThat(browser.element(".notice.warn").getText())
        .contains("Layer 0, expert 3", "its Hessian leans on the layer's mean");
  }

  @Test
  void aThousandJobsAndALargeHeatMapKeepThePageQuick() {
    try (RunningServer server = new RunningServer()) {
      Jobs jobs = server.get(Jobs.class);
      for (int i = 0; i < 1000; i++) {
        jobs.create(new NewJob("local", JobSpec.of("many"), null));
      }
      browser.open(page(server, "/jobs"));
      for (int rows = 50; rows < 1000; rows += 50) {
        int shown = rows;
        await().until(() -> browser.count("tbody tr") >= shown);
        browser.run(
            "[...document.querySelectorAll('button')].find(it => it.textContent === 'Show older jobs').click()");
      }
      await().until(() -> browser.count("tbody tr") == 1000);
      for (int y = 0; y < 40_000; y += 4000) {
        assertThat(browser.cost("scrollTo(0, arguments[0])", y))
            .as("scrolling 1,000 jobs to %d pixels", y)
            .isPositive()
            .isLessThan(LONG_TASK);
      }

      String id = post(server, "large");
      TestWorker worker = new TestWorker(server);
      worker.claim(id);
      for (int layer = 0; layer < 61; layer++) {
        worker.event(id, "experts", experts(layer, 256, 7));
      }
      browser.open(page(server, "/jobs/" + id));
      await()
          .untilAsserted(
              () ->
                  assertThat(browser.element(".heat > canvas").getDomAttribute("aria-label"))
                      .contains("61 layers by 256 experts"));
      for (int column = 0; column < 256; column += 15) {
        assertThat(browser.cost(CELL, column, column % 61, 256, 61, List.of("pointermove")))
            .as("hovering column %d of 61 x 256", column)
            .isPositive()
            .isLessThan(LONG_TASK);
      }
      browser.fits("large-heat-map");
    }
  }

  private static Map<String, Object> experts(int layer, int count, int starved) {
    List<Map<String, Object>> experts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      double share = i == starved ? 0.0001 : 1.0 / count;
      experts.add(
          Map.of(
              "expert",
              i,
              "tokens",
              i == starved ? 2 : 1000,
              "score_sum",
              100.0,
              "score_mean",
              0.1,
              "share",
              share,
              "under_utilized",
              i == starved));
    }
    return Map.of("layer", layer, "tokens", 8000, "top_k", 1, "entropy", 3.0, "experts", experts);
  }

  private static String demoJob() {
    return """
        {"model": "olmoe-demo", "config": {"default": {"wq": "int4", "group_size": 32}},
         "calibration": {"samples": 8, "sequence_length": 128},
         "output": {"format": "compressed-tensors"}}
        """;
  }

  private static RunningServer withWorker() {
    String models = Path.of("examples/models").toAbsolutePath().toString();
    return new RunningServer(
        Map.of(
            "alphaquant.role", "all",
            "alphaquant.worker.devices", "cpu",
            "alphaquant.models.roots", models,
            "alphaquant.hub.allowed", "away/*",
            "alphaquant.hub.endpoint", "http://127.0.0.1:1",
            "alphaquant.hub.attempts", "1"));
  }
}
