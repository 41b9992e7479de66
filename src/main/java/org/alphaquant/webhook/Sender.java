package org.alphaquant.webhook;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.alphaquant.job.delivery.WebhookDelivery;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;

/** Makes one attempt to send a message. */
final class Sender {
  private static final ContentType JSON = ContentType.create("application/json");

  private final WebhookSettings settings;
  private final Targets targets;
  private final Signature signature;
  private final Clock clock;
  private final CloseableHttpClient http;
  // One per attempt, and more for attempts that wait for a name server.
  private final ExecutorService attempts = Executors.newCachedThreadPool(Sender::daemon);

  Sender(WebhookSettings settings, Targets targets, Clock clock) {
    this.settings = settings;
    this.targets = targets;
    this.signature = new Signature(settings.key());
    this.clock = clock;
    this.http = OutwardClient.create(settings, targets);
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "webhook-sender");
    thread.setDaemon(true);
    return thread;
  }

  /**
   * Sends the message and returns the status of the response.
   *
   * @return fails if there is no response, with {@link RefusedException} if the address is not
   *     allowed
   */
  CompletableFuture<Integer> send(WebhookDelivery delivery) {
    HttpPost request = request(delivery);
    return CompletableFuture.supplyAsync(() -> status(request), attempts)
        .orTimeout(2 * settings.timeout().toMillis(), TimeUnit.MILLISECONDS)
        .whenComplete((status, failure) -> request.cancel());
  }

  private HttpPost request(WebhookDelivery delivery) {
    URI target = URI.create(delivery.url());
    targets
        .refusal(target)
        .ifPresent(
            refusal -> {
              throw new RefusedException(target + " " + refusal);
            });
    String id = "msg_" + delivery.id();
    long now = clock.instant().getEpochSecond();
    HttpPost request = new HttpPost(target);
    request.setHeader("webhook-id", id);
    request.setHeader("webhook-timestamp", Long.toString(now));
    request.setHeader("webhook-signature", signature.of(id, now, delivery.body()));
    request.setEntity(new ByteArrayEntity(delivery.body().getBytes(StandardCharsets.UTF_8), JSON));
    return request;
  }

  // Closes the connection after the status, because the body could be endless and closing the
  // response would read all of it.
  private int status(HttpPost request) {
    try {
      return http.executeOpen(null, request, null).getCode();
    } catch (IOException e) {
      throw new UncheckedIOException(
          e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage(), e);
    } finally {
      request.cancel();
    }
  }

  /** The address of a message is not allowed. */
  static final class RefusedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    RefusedException(String message) {
      super(message);
    }
  }
}
