package org.alphaquant.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.alphaquant.job.delivery.WebhookDelivery;
import org.alphaquant.job.delivery.WebhookDelivery.Outcome;
import org.alphaquant.job.row.Job;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A host may have two of the eight places at once. */
class HostLimitTest {
  private static TestWebhooks webhooks;

  @BeforeAll
  static void start() {
    webhooks = new TestWebhooks();
  }

  @AfterAll
  static void stop() {
    webhooks.close();
  }

  @BeforeEach
  void empty() {
    webhooks.empty();
  }

  @Test
  void aHostThatNeverAnswersHoldsUpNobodyElse() throws IOException {
    try (Receiver silent = new Receiver();
        Receiver other = new Receiver()) {
      cancelled(silent.url("/silent"), 20);
      webhooks.send(TestWebhooks.settings(true, Duration.ofMinutes(1), silent, other));
      await().until(() -> silent.at("/silent").size() == 2);

      List<Job> told = cancelled(other.url("/hook"), 20);

      assertThat(told).allMatch(job -> ended(job) == Outcome.DELIVERED);
      assertThat(silent.at("/silent")).hasSize(2);
    }
  }

  @Test
  void aHostHasItsPlacesBackWithTheAnswers() throws IOException {
    try (Receiver receiver = new Receiver()) {
      List<Job> told = cancelled(receiver.url("/hook"), 20);
      webhooks.send(TestWebhooks.settings(true, Duration.ofMinutes(1), receiver));
      assertThat(told).allMatch(job -> ended(job) == Outcome.DELIVERED);
    }
  }

  @Test
  void whatIsDueAtOneHostDoesNotHideWhatIsDueAtAnother() {
    cancelled("https://a.test/x?y", 5);
    cancelled("https://A.test:8443", 1);
    assertThat(begin(2, List.of())).containsExactlyInAnyOrder("a.test", "a.test", "a.test:8443");
  }

  @Test
  void attemptsUnderWayCountForTheirHostAlone() {
    cancelled("https://a.test", 5);
    cancelled("https://b.test", 5);
    assertThat(begin(2, List.of("a.test", "b.test", "a.test"))).containsExactly("b.test");
    assertThat(begin(2, List.of("a.test", "a.test", "a.test"))).containsExactly("b.test", "b.test");
  }

  @Test
  void theLongestDueOfAllHostsAreFirst() {
    Job second = cancelled("https://a.test", 1).get(0);
    Job first = cancelled("https://b.test", 1).get(0);
    webhooks
        .sql()
        .sql(
            "update webhook_delivery set next_attempt_at = now() - interval '1 s' where job_id = ?")
        .param(first.id())
        .update();
    assertThat(webhooks.rows().claim(1, 2, List.of(), 60))
        .extracting(WebhookDelivery::jobId)
        .containsExactly(first.id());
    assertThat(webhooks.rows().claim(2, 2, List.of(), 60))
        .extracting(WebhookDelivery::jobId)
        .containsExactly(second.id());
  }

  private static List<String> begin(int forOneHost, List<String> underWay) {
    return webhooks.rows().claim(10, forOneHost, underWay, 60).stream()
        .map(WebhookDelivery::host)
        .toList();
  }

  private static List<Job> cancelled(String url, int count) {
    return Stream.generate(() -> webhooks.cancelled(url)).limit(count).toList();
  }

  private static Outcome ended(Job job) {
    return webhooks.awaitEnd(job).outcome().orElseThrow();
  }
}
