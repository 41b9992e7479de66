package org.alphaquant.webhook;

import java.io.UncheckedIOException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.alphaquant.job.WebhookDelivery;

/** Makes one attempt at a message, without a thread of its own while it waits for the answer. */
final class Sender {
  private final WebhookSettings settings;
  private final Targets targets;
  private final Signature signature;
  private final Clock clock;
  // A name server that does not answer must hold up nobody else's message.
  private final ExecutorService lookups = Executors.newCachedThreadPool(Sender::daemon);
  // A redirect could lead to where a message must not go.
  private final HttpClient http;

  Sender(WebhookSettings settings, Targets targets, Clock clock) {
    this.settings = settings;
    this.targets = targets;
    this.signature = new Signature(settings.key());
    this.clock = clock;
    this.http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            // A proxy would look the name up by itself, and the address checked would not be the
            // one.
            .proxy(HttpClient.Builder.NO_PROXY)
            .connectTimeout(settings.timeout())
            .build();
  }

  /**
   * The status of the answer.
   *
   * @return fails where none came, and with {@link RefusedException} where nothing may be sent
   */
  CompletableFuture<Integer> send(WebhookDelivery delivery) {
    URI target = URI.create(delivery.url());
    return CompletableFuture.runAsync(() -> check(target), lookups)
        .thenCompose(checked -> http.sendAsync(request(target, delivery), answer -> new Unread()))
        .orTimeout(2 * settings.timeout().toMillis(), TimeUnit.MILLISECONDS)
        .thenApply(HttpResponse::statusCode);
  }

  private void check(URI target) {
    try {
      refuse(targets.refusal(target).map(refusal -> target + " " + refusal));
      refuse(targets.refusedAddress(target));
    } catch (UnknownHostException e) {
      throw new UncheckedIOException("there is no host " + target.getHost() + " now", e);
    }
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "webhook-lookup");
    thread.setDaemon(true);
    return thread;
  }

  private static void refuse(Optional<String> reason) {
    if (reason.isPresent()) {
      throw new RefusedException(reason.get());
    }
  }

  private HttpRequest request(URI target, WebhookDelivery delivery) {
    String id = "msg_" + delivery.id();
    long now = clock.instant().getEpochSecond();
    return HttpRequest.newBuilder(target)
        .timeout(settings.timeout())
        .header("Content-Type", "application/json")
        .header("User-Agent", "alphaquant-server")
        .header("webhook-id", id)
        .header("webhook-timestamp", Long.toString(now))
        .header("webhook-signature", signature.of(id, now, delivery.body()))
        .POST(HttpRequest.BodyPublishers.ofString(delivery.body()))
        .build();
  }

  /** A message may not go where it should. */
  static final class RefusedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    RefusedException(String message) {
      super(message);
    }
  }
}
