package org.alphaquant.webhook;

import static org.awaitility.Awaitility.await;

import java.net.InetAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.JobState;
import org.alphaquant.job.WebhookRequest;
import org.alphaquant.job.delivery.WebhookDeliveries;
import org.alphaquant.job.delivery.WebhookDelivery;
import org.alphaquant.job.queue.JobDatabase;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.Jobs;
import org.alphaquant.job.row.NewJob;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Jobs with webhooks in a database of their own, and senders with short times. */
final class TestWebhooks implements AutoCloseable {
  static final byte[] KEY = "0123456789abcdef0123456789abcdef".getBytes();
  private static final String SECRET = "whsec_" + Base64.getEncoder().encodeToString(KEY);

  private final JobDatabase database = new JobDatabase();
  private final List<Deliveries> senders = new ArrayList<>();

  <T> T get(Class<T> type) {
    return database.get(type);
  }

  JdbcClient sql() {
    return get(JdbcClient.class);
  }

  Jobs jobs() {
    return get(Jobs.class);
  }

  WebhookDeliveries rows() {
    return get(WebhookDeliveries.class);
  }

  /** To be called between tests. */
  void empty() {
    senders.forEach(Deliveries::stop);
    senders.clear();
    sql().sql("truncate job, webhook_delivery cascade").update();
  }

  /** Eight places, four attempts. */
  static WebhookSettings settings(boolean inside, Duration timeout, Receiver... receivers) {
    return settings(inside, timeout, List.of(receivers).stream().map(Receiver::host).toList());
  }

  static WebhookSettings settings(boolean inside, Duration timeout, List<String> hosts) {
    return new WebhookSettings(
        hosts,
        SECRET,
        true,
        inside,
        timeout,
        4,
        Duration.ofMillis(20),
        Duration.ofMillis(50),
        8,
        Duration.ofMillis(50));
  }

  void send(WebhookSettings settings) {
    send(settings, InetAddress::getAllByName);
  }

  void send(WebhookSettings settings, Targets.Lookup lookup) {
    Sender sender = new Sender(settings, new Targets(settings, lookup), Clock.systemUTC());
    Deliveries deliveries = new Deliveries(rows(), sender, settings);
    senders.add(deliveries);
    deliveries.start();
  }

  Job cancelled(String url) {
    return jobs().cancel(create(url, null).id(), null).orElseThrow();
  }

  Job create(String url, List<JobState> events) {
    WebhookRequest webhook = new WebhookRequest(url, events);
    JobSpec spec =
        new JobSpec(
            "m", null, null, null, null, null, null, null, null, null, null, null, webhook, null,
            null);
    return jobs().create(new NewJob("ann", spec, null)).job();
  }

  WebhookDelivery awaitEnd(Job job) {
    await().pollDelay(Duration.ZERO).until(() -> only(job).outcome().isPresent());
    return only(job);
  }

  WebhookDelivery only(Job job) {
    return rows().of(job.id(), 10).get(0);
  }

  @Override
  public void close() {
    senders.forEach(Deliveries::stop);
    database.close();
  }
}
