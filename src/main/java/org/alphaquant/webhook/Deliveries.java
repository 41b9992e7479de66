package org.alphaquant.webhook;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ThreadLocalRandom;
import org.alphaquant.background.Notifications;
import org.alphaquant.background.Rounds;
import org.alphaquant.job.delivery.WebhookDeliveries;
import org.alphaquant.job.delivery.WebhookDelivery;
import org.alphaquant.job.delivery.WebhookDelivery.Outcome;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.dao.DataAccessException;

/** Finds due messages and sends them, within the limit of concurrent attempts. */
final class Deliveries implements SmartLifecycle, Notifications.Listener {
  private static final Logger log = LoggerFactory.getLogger(Deliveries.class);
  private static final int GONE = 410;
  private static final int MOST_DOUBLINGS = 30;

  private final WebhookDeliveries rows;
  private final Sender sender;
  private final WebhookSettings settings;
  private final SendSlots places;
  private final Rounds rounds;

  Deliveries(WebhookDeliveries rows, Sender sender, WebhookSettings settings) {
    this.rows = rows;
    this.sender = sender;
    this.settings = settings;
    this.places = new SendSlots(settings.concurrency());
    this.rounds = new Rounds("webhook-deliveries", settings.pollEvery(), this::deliver);
  }

  @Override
  public void start() {
    rounds.start();
  }

  // After a full batch there may be more.
  private Duration deliver() {
    return begin() == 0 ? settings.pollEvery() : Duration.ZERO;
  }

  /** Starts due deliveries while slots are free; the answer frees a slot. */
  private int begin() {
    int free = places.free();
    if (free == 0) {
      return 0;
    }
    List<WebhookDelivery> due =
        rows.claim(free, places.forOneHost(), places.taken(), leaseSeconds());
    due.forEach(this::attempt);
    return due.size();
  }

  // Longer than an attempt can take, so that no other process begins one meanwhile.
  private double leaseSeconds() {
    return 10 + 4 * seconds(settings.timeout());
  }

  private void attempt(WebhookDelivery delivery) {
    places.take(delivery.host());
    // In a stage, so that an exception here ends the attempt like any other failure.
    CompletableFuture.completedFuture(delivery)
        .thenCompose(sender::send)
        .whenComplete(
            (status, failure) -> {
              try {
                settle(delivery, status, failure);
              } catch (DataAccessException e) {
                // It is due again when its lease expires.
                log.debug(
                    "webhook={} the outcome could not be stored: {}",
                    delivery.id(),
                    e.getMessage());
              } finally {
                places.release(delivery.host());
                rounds.wake();
              }
            });
  }

  private void settle(WebhookDelivery delivery, Integer status, Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    String error = cause == null ? null : describe(cause, delivery.url());
    if (status != null && status / 100 == 2) {
      rows.finish(delivery, Outcome.DELIVERED, status, null);
    } else if (cause instanceof Sender.RefusedException || status != null && status == GONE) {
      end(delivery, Outcome.REFUSED, status, error);
    } else if (delivery.attempts() >= settings.attempts()) {
      end(delivery, Outcome.GIVEN_UP, status, error);
    } else {
      rows.postpone(delivery, wait(delivery.attempts()), status, error);
    }
  }

  private void end(WebhookDelivery delivery, Outcome outcome, Integer status, String error) {
    log.warn(
        "job={} webhook={} is {} after {} attempts: {}",
        delivery.jobId(),
        delivery.id(),
        outcome,
        delivery.attempts(),
        error == null ? "status " + status : error);
    rows.finish(delivery, outcome, status, error);
  }

  // Random jitter in the upper half, so that messages that failed together are not retried
  // together.
  private double wait(int attempts) {
    double doubled =
        seconds(settings.firstWait()) * Math.pow(2, Math.min(attempts - 1, MOST_DOUBLINGS));
    double longest = Math.min(doubled, seconds(settings.longestWait()));
    return ThreadLocalRandom.current().nextDouble(longest / 2, longest);
  }

  // The message of an exception may contain the whole address.
  private static String describe(Throwable cause, String url) {
    String message = cause.getMessage();
    String whole = message == null ? cause.getClass().getSimpleName() : message;
    String text = ShownAddress.in(whole, url);
    return text.substring(0, Math.min(500, text.length()));
  }

  private static double seconds(Duration duration) {
    return duration.toMillis() / 1000.0;
  }

  @Override
  public void notified(Notifications.Channel channel, String payload) {
    if (channel == Notifications.Channel.WEBHOOK) {
      rounds.wake();
    }
  }

  @Override
  public void mayHaveMissed() {
    rounds.wake();
  }

  /** Returns once the last round is over, so that none claims a message after it. */
  @Override
  public void stop() {
    rounds.stop();
    try {
      rounds.join(settings.timeout());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public boolean isRunning() {
    return rounds.isRunning();
  }
}
