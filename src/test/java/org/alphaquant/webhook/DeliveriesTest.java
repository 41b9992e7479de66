package org.alphaquant.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobState;
import org.alphaquant.job.delivery.WebhookDeliveries;
import org.alphaquant.job.delivery.WebhookDelivery;
import org.alphaquant.job.delivery.WebhookDelivery.Outcome;
import org.alphaquant.job.queue.Leases;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.Jobs;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Messages to a real receiver, from a real database. */
class DeliveriesTest {
  private static TestWebhooks webhooks;
  private static Jobs jobs;
  private static WebhookDeliveries rows;

  private Receiver receiver;

  @BeforeAll
  static void start() {
    webhooks = new TestWebhooks();
    jobs = webhooks.jobs();
    rows = webhooks.rows();
  }

  @AfterAll
  static void stop() {
    webhooks.close();
  }

  @BeforeEach
  void open() throws IOException {
    webhooks.empty();
    receiver = new Receiver();
  }

  @AfterEach
  void close() {
    receiver.close();
  }

  @Test
  void theEndOfAJobIsToldWithASignatureThatVerifies() throws Exception {
    send(settings(true));
    Job job = cancelled("/hook");

    WebhookDelivery delivery = awaitEnd(job);
    Receiver.Message message = receiver.at("/hook").get(0);
    JsonNode body = JsonMapper.shared().readTree(message.body());

    assertThat(delivery.outcome()).contains(Outcome.DELIVERED);
    assertThat(delivery.lastStatus()).contains(204);
    assertThat(message.id()).isEqualTo("msg_" + delivery.id());
    assertThat(message.signature()).isEqualTo(signature(message));
    assertThat(body.get("type").asString()).isEqualTo("job.cancelled");
    assertThat(body.at("/data/id").asString()).isEqualTo(job.id().toString());
    assertThat(body.at("/data/seq").asLong()).isEqualTo(job.eventSeq());
    assertThat(body.at("/data/model").asString()).isEqualTo("m");
  }

  private static String signature(Receiver.Message message) throws Exception {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(TestWebhooks.KEY, "HmacSHA256"));
    String signed = message.id() + "." + message.timestamp() + "." + message.body();
    byte[] hash = mac.doFinal(signed.getBytes(StandardCharsets.UTF_8));
    return "v1," + Base64.getEncoder().encodeToString(hash);
  }

  @Test
  void onlyTheStatesAskedForAreTold() {
    Leases leases = webhooks.get(Leases.class);
    Job job = create("/hook", List.of(JobState.RUNNING, JobState.FAILED));
    Job running = leases.claim(UUID.randomUUID(), "1", "1", 60, 60).orElseThrow();
    JobError error = new JobError("bad-model", JobError.Kind.USER, "no such layer", "a stack");
    leases.fail(running.id(), running.leaseEpoch(), error, 0).orElseThrow();
    Job other = create("/hook", List.of(JobState.FAILED));
    jobs.cancel(other.id(), null);

    assertThat(rows.of(job.id(), 10))
        .extracting(WebhookDelivery::event)
        .containsExactly(JobState.RUNNING, JobState.FAILED);
    assertThat(rows.of(job.id(), 10).get(1).body())
        .contains("no such layer")
        .doesNotContain("stack");
    assertThat(rows.of(other.id(), 10)).isEmpty();
  }

  @Test
  void aReceiverThatFailsIsToldAgainWithTheSameIdAndBody() {
    send(settings(true));
    Job job = cancelled("/twice-broken");

    WebhookDelivery delivery = awaitEnd(job);

    assertThat(delivery.outcome()).contains(Outcome.DELIVERED);
    assertThat(delivery.attempts()).isEqualTo(3);
    assertThat(receiver.at("/twice-broken"))
        .hasSize(3)
        .extracting(Receiver.Message::id, Receiver.Message::body)
        .containsOnly(org.assertj.core.groups.Tuple.tuple("msg_" + delivery.id(), delivery.body()));
  }

  @Test
  void aReceiverThatFailsForEverIsGivenUp() {
    send(settings(true));
    WebhookDelivery delivery = awaitEnd(cancelled("/broken"));
    assertThat(delivery.outcome()).contains(Outcome.GIVEN_UP);
    assertThat(delivery.lastStatus()).contains(500);
    assertThat(receiver.at("/broken")).hasSize(4);
  }

  @Test
  void aReceiverThatWantsNoMoreIsLeftAlone() {
    send(settings(true));
    WebhookDelivery delivery = awaitEnd(cancelled("/gone"));
    assertThat(delivery.outcome()).contains(Outcome.REFUSED);
    assertThat(delivery.attempts()).isEqualTo(1);
  }

  @Test
  void aRedirectIsNotFollowed() {
    send(settings(true));
    WebhookDelivery delivery = awaitEnd(cancelled("/elsewhere"));
    assertThat(delivery.outcome()).contains(Outcome.GIVEN_UP);
    assertThat(delivery.lastStatus()).contains(307);
    assertThat(receiver.at("/secret")).isEmpty();
  }

  @Test
  void anAddressInsideIsRefusedBeforeAnythingIsSent() {
    send(settings(false));
    WebhookDelivery delivery = awaitEnd(cancelled("/hook"));
    assertThat(delivery.outcome()).contains(Outcome.REFUSED);
    assertThat(delivery.lastError().orElseThrow()).contains("localhost is at", "not public");
    assertThat(receiver.at("/hook")).isEmpty();
  }

  @Test
  void anAnswerWithoutEndIsNotListenedTo() throws Exception {
    send(settings(true));
    assertThat(awaitEnd(cancelled("/endless")).outcome()).contains(Outcome.DELIVERED);
    assertThat(receiver.awaitHangUp()).isTrue();
  }

  @Test
  void theAddressThatIsLookedUpIsTheOneThatIsConnectedTo() {
    AtomicInteger lookups = new AtomicInteger();
    String url = receiver.url("/hook").replace("localhost", "nowhere.test");
    webhooks.send(
        TestWebhooks.settings(
            true, Duration.ofSeconds(20), List.of(URI.create(url).getAuthority())),
        host -> {
          assertThat(host).isEqualTo("nowhere.test");
          lookups.incrementAndGet();
          return new InetAddress[] {InetAddress.getLoopbackAddress()};
        });
    assertThat(awaitEnd(webhooks.cancelled(url)).outcome()).contains(Outcome.DELIVERED);
    assertThat(receiver.at("/hook")).hasSize(1);
    assertThat(lookups).hasValue(1);
  }

  @Test
  void aNameThatMovesInsideIsRefusedThen() {
    AtomicInteger lookups = new AtomicInteger();
    webhooks.send(
        settings(false),
        host ->
            lookups.incrementAndGet() == 1
                ? InetAddress.getAllByName("192.0.2.1")
                : InetAddress.getAllByName("127.0.0.1"));
    WebhookDelivery delivery = awaitEnd(cancelled("/hook"));
    assertThat(delivery.outcome()).contains(Outcome.REFUSED);
    assertThat(delivery.attempts()).isEqualTo(2);
    assertThat(receiver.at("/hook")).isEmpty();
  }

  @Test
  void aReceiverThatNeverAnswersIsGivenUp() {
    send(TestWebhooks.settings(true, Duration.ofMillis(300), receiver));
    WebhookDelivery delivery = awaitEnd(cancelled("/silent"));
    assertThat(delivery.outcome()).contains(Outcome.GIVEN_UP);
    assertThat(delivery.lastError().orElseThrow()).contains("timed out");
  }

  @Test
  void anAttemptThatCannotBeginHasFailedAndGivesItsPlaceBack() {
    Job job = cancelled("/hook");
    webhooks.sql().sql("update webhook_delivery set url = url || ' '").update();
    send(settings(true));
    WebhookDelivery delivery = awaitEnd(job);
    assertThat(delivery.outcome()).contains(Outcome.GIVEN_UP);
    // The host has two places, so the third attempt shows that they came back.
    assertThat(delivery.attempts()).isEqualTo(4);
    assertThat(delivery.lastError().orElseThrow()).contains("Illegal character");
  }

  @Test
  void twoSendersTellEveryJobOnce() {
    List<Job> ended = Stream.generate(() -> cancelled("/hook")).limit(100).toList();
    send(settings(true));
    send(settings(true));
    ended.forEach(job -> assertThat(awaitEnd(job).attempts()).isEqualTo(1));
    assertThat(receiver.at("/hook")).hasSize(100);
    assertThat(receiver.at("/hook")).extracting(Receiver.Message::id).doesNotHaveDuplicates();
  }

  @Test
  void aMessageWhoseSenderDiedIsSentByAnother() {
    Job job = cancelled("/hook");
    WebhookDelivery lost = rows.claim(10, 10, List.of(), 0.3).get(0);
    send(settings(true));
    WebhookDelivery delivery = awaitEnd(job);
    assertThat(delivery.attempts()).isEqualTo(2);
    assertThat(receiver.at("/hook")).hasSize(1);
    assertThat(rows.finish(lost, Outcome.GIVEN_UP, null, "late")).isEmpty();
  }

  @Test
  void theEndOfAJobThatIsDeletedAtOnceIsTold() {
    Job job = cancelled("/hook");
    jobs.delete(job.id()).orElseThrow();
    send(settings(true));
    assertThat(awaitEnd(job).outcome()).contains(Outcome.DELIVERED);
  }

  private WebhookSettings settings(boolean inside) {
    return TestWebhooks.settings(inside, Duration.ofSeconds(20), receiver);
  }

  private static void send(WebhookSettings settings) {
    webhooks.send(settings);
  }

  private Job cancelled(String path) {
    return webhooks.cancelled(receiver.url(path));
  }

  private Job create(String path, List<JobState> events) {
    return webhooks.create(receiver.url(path), events);
  }

  private static WebhookDelivery awaitEnd(Job job) {
    return webhooks.awaitEnd(job);
  }
}
