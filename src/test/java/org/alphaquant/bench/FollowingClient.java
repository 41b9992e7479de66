package org.alphaquant.bench;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.Flow;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads a job's stream without a thread of its own and checks that the numbers have no gap. */
final class FollowingClient implements Flow.Subscriber<String> {
  private static final Pattern SENT_AT = Pattern.compile("\"sent_at\":(\\d+)");

  private final Latencies latencies;
  private volatile long received;
  private volatile boolean ended;
  private volatile String fault;

  FollowingClient(Latencies latencies) {
    this.latencies = latencies;
  }

  void follow(HttpClient http, HttpRequest request) {
    http.sendAsync(request, HttpResponse.BodyHandlers.fromLineSubscriber(this))
        .whenComplete(
            (answer, failure) -> {
              if (failure != null) {
                onError(failure);
              } else if (answer.statusCode() != 200) {
                onError(new IllegalStateException("status " + answer.statusCode()));
              }
            });
  }

  @Override
  public void onSubscribe(Flow.Subscription subscription) {
    subscription.request(Long.MAX_VALUE);
  }

  @Override
  public void onNext(String line) {
    if (line.startsWith("id:")) {
      long seq = Long.parseLong(line.substring(3).strip());
      if (seq != received + 1) {
        fault = "event %d after %d".formatted(seq, received);
      }
      received = seq;
    } else if (line.startsWith("data:")) {
      Matcher sentAt = SENT_AT.matcher(line);
      if (sentAt.find()) {
        latencies.add(System.nanoTime() - Long.parseLong(sentAt.group(1)));
      }
    }
  }

  @Override
  public void onError(Throwable failure) {
    fault = failure.toString();
    ended = true;
  }

  @Override
  public void onComplete() {
    ended = true;
  }

  long received() {
    return received;
  }

  boolean isEnded() {
    return ended;
  }

  /** What went wrong, or null. */
  String fault() {
    return fault;
  }
}
