package org.alphaquant.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.delivery.WebhookDeliveries;
import org.alphaquant.job.delivery.WebhookDelivery;
import org.alphaquant.job.delivery.WebhookDelivery.Outcome;
import org.alphaquant.measure.PerplexityChange;
import org.alphaquant.worker.JobRunner;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;

class MetricsTest {

  private static final Pattern SAMPLE = Pattern.compile("(alphaquant_\\w+)(\\{(.*)})? .*");
  private static final Pattern LABEL = Pattern.compile("(\\w+)=\"([^\"]*)\"");

  private static final Map<String, Object> AT_WORK =
      Map.of("alphaquant.role", "all", "alphaquant.worker.devices", "cpu,cpu");

  private static RunningServer server;

  @BeforeAll
  static void start() {
    server = new RunningServer();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void exactlyTheListedMetricsAreThereFromTheStart() throws IOException {
    try (RunningServer fresh = new RunningServer(AT_WORK)) {
      List<String> listed = Files.readAllLines(Path.of("src/test/resources/metrics/series.txt"));
      fresh.http().get("/v1/jobs");
      String text = scrape(fresh);
      assertThat(series(text))
          .as("names and labels; the file lists what dashboards and alerts rely on")
          .containsExactlyInAnyOrderElementsOf(listed);
      String former = text.replaceAll("(?m)^alphaquant_.*$", "");
      assertThat(series(former.replaceAll("(?m)^quant_", "alphaquant_"))).isEqualTo(series(text));
      assertThat(text).contains("http_server_requests").doesNotContain("spring_security");
    }
  }

  @Test
  void theFormerNamesCanBeLeftOut() {
    try (RunningServer fresh =
        new RunningServer(Map.of("alphaquant.metrics.former-names", "false"))) {
      assertThat(scrape(fresh).lines()).noneMatch(line -> line.startsWith("quant_"));
    }
  }

  @Test
  void theExpertsOfARunningJobAreShownOnItsSlotUntilItEnds() {
    CountDownLatch told = new CountDownLatch(1);
    CountDownLatch mayEnd = new CountDownLatch(1);
    JobRunner runner =
        context -> {
          context.event("experts", layer(0.75, 0.25, 0));
          context.event("experts", layer(0.5, 0.5, 0));
          told.countDown();
          mayEnd.await();
          return new JobResult(
              new PerplexityChange(5.0, 6, null, null, null, null, null),
              null,
              null,
              null,
              null,
              List.of());
        };
    try (RunningServer working = new RunningServer(AT_WORK, beans -> run(beans, runner))) {
      String id = post(working.http(), "g");
      told.await();
      String text = scrape(working);
      assertThat(value(text, experts("starved"))).isEqualTo(2);
      assertThat(value(text, experts("hottest_share"))).isEqualTo(0.75);
      assertThat(value(text, experts("entropy_ratio"))).isCloseTo(0.8113 / 1.585, within(1e-3));
      assertThat(value(text, "alphaquant_experts_starved{slot=\"1\"}")).isNaN();
      mayEnd.countDown();
      await().until(() -> working.http().get("/v1/jobs/" + id).at("/state").equals("SUCCEEDED"));
      await().untilAsserted(() -> assertThat(value(scrape(working), experts("starved"))).isNaN());
      text = scrape(working);
      assertThat(value(text, "alphaquant_job_perplexity_sum{model=\"before\"}")).isEqualTo(5);
      assertThat(value(text, "alphaquant_job_perplexity_ratio_sum")).isEqualTo(1.2);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static String experts(String figure) {
    return "alphaquant_experts_%s{slot=\"0\"}".formatted(figure);
  }

  private static Map<String, Object> layer(double... shares) {
    double entropy = 0;
    List<Map<String, Object>> experts = new ArrayList<>();
    for (double share : shares) {
      entropy -= share == 0 ? 0 : share * Math.log(share) / Math.log(2);
      experts.add(Map.of("share", share, "under_utilized", share == 0));
    }
    return Map.of("layer", 0, "entropy", entropy, "experts", experts);
  }

  /** Puts a runner in the place of the service's own. */
  static void run(GenericApplicationContext context, JobRunner runner) {
    context.addBeanFactoryPostProcessor(
        factory -> {
          BeanDefinitionRegistry beans = (BeanDefinitionRegistry) factory;
          for (String name : factory.getBeanNamesForType(JobRunner.class, true, false)) {
            beans.removeBeanDefinition(name);
          }
          context.registerBean("testRunner", JobRunner.class, () -> runner);
        });
  }

  @Test
  void whatHappensToJobsIsCountedOnce() {
    Http http = server.http();
    TestWorker worker = new TestWorker(server);
    String failed = post(http, "a");
    post(http, "a");
    String cancelled = post(http, "b");
    worker.claim(failed);
    worker.fail(failed, new JobError("broken", JobError.Kind.USER, "broken", null));
    http.post("/v1/jobs/" + cancelled + "/cancel");
    http.post("/v1/jobs/" + cancelled + "/cancel");
    worker.succeed(post(http, "c"));
    String text = scrape(server);
    assertThat(value(text, "alphaquant_jobs_submitted_total")).isEqualTo(3);
    assertThat(value(text, finished("failed", "user"))).isEqualTo(1);
    assertThat(value(text, finished("cancelled", "none"))).isEqualTo(1);
    assertThat(value(text, finished("succeeded", "none"))).isEqualTo(1);
    assertThat(value(text, "alphaquant_job_queue_wait_seconds_count")).isEqualTo(2);
    assertThat(value(text, "alphaquant_job_duration_seconds_count{outcome=\"failed\"}"))
        .isEqualTo(1);
    assertThat(value(text, "alphaquant_jobs{state=\"succeeded\"}")).isEqualTo(1);
    assertThat(value(text, "alphaquant_jobs{state=\"queued\"}")).isEqualTo(0);
  }

  @Test
  void whatBecomesOfMessagesIsCountedOnce() {
    try (RunningServer fresh = new RunningServer()) {
      WebhookDeliveries rows = fresh.get(WebhookDeliveries.class);
      cancelWithWebhook(fresh.http(), "d");
      cancelWithWebhook(fresh.http(), "e");
      cancelWithWebhook(fresh.http(), "f");
      List<WebhookDelivery> begun = rows.claim(10, 10, List.of(), 60);
      rows.postpone(begun.get(0), 0, 500, null);
      rows.finish(begun.get(1), Outcome.DELIVERED, 204, null);
      rows.finish(begun.get(1), Outcome.DELIVERED, 204, null);
      rows.finish(rows.claim(10, 10, List.of(), 60).get(0), Outcome.GIVEN_UP, 500, null);
      String past = "update webhook_delivery set next_attempt_at = '2000-1-1' where id = ?";
      fresh.get(JdbcClient.class).sql(past).param(begun.get(2).id()).update();
      rows.giveUpOverdue(10);
      String text = scrape(fresh);
      assertThat(value(text, deliveries("retried"))).isEqualTo(1);
      assertThat(value(text, deliveries("delivered"))).isEqualTo(1);
      assertThat(value(text, deliveries("given_up"))).isEqualTo(2);
      assertThat(value(text, deliveries("refused"))).isEqualTo(0);
    }
  }

  private static String deliveries(String outcome) {
    return "alphaquant_webhook_deliveries_total{outcome=\"%s\"}".formatted(outcome);
  }

  private static void cancelWithWebhook(Http http, String key) {
    String job = "{\"model\": \"m\", \"webhook\": {\"url\": \"https://a.test\"}}";
    String id = http.postJson("/v1/jobs", job, "Idempotency-Key", key).at("/id");
    http.post("/v1/jobs/" + id + "/cancel");
  }

  private static String finished(String outcome, String errorClass) {
    return "alphaquant_jobs_finished_total{error_class=\"%s\",outcome=\"%s\"}"
        .formatted(errorClass, outcome);
  }

  private static String post(Http http, String key) {
    return http.postJson("/v1/jobs", "{\"model\": \"m\"}", "Idempotency-Key", key).at("/id");
  }

  private static double value(String text, String series) {
    return text.lines()
        .filter(line -> line.startsWith(series + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(series.length() + 1)))
        .findFirst()
        .orElseThrow(() -> new AssertionError(series + " is not in\n" + text));
  }

  private static String scrape(RunningServer server) {
    return server.management().get("/actuator/prometheus").text();
  }

  /** Every series without its value; buckets by the name of their label only. */
  private static TreeSet<String> series(String text) {
    TreeSet<String> series = new TreeSet<>();
    text.lines()
        .map(SAMPLE::matcher)
        .filter(Matcher::matches)
        .forEach(sample -> series.add(sample.group(1) + labels(sample.group(3))));
    return series;
  }

  private static String labels(String labels) {
    if (labels == null) {
      return "";
    }
    TreeSet<String> kept = new TreeSet<>();
    Matcher label = LABEL.matcher(labels);
    while (label.find()) {
      kept.add(label.group(1).equals("le") ? "le" : label.group());
    }
    return "{" + String.join(",", kept) + "}";
  }
}
