package org.alphaquant.client;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Follows a job's events to its end, reconnecting as often as needed. */
public final class EventFollower {
  private static final Set<String> ENDED = Set.of("SUCCEEDED", "FAILED", "CANCELLED");
  private static final JsonMapper JSON = JsonMapper.shared();

  private final ServiceClient client;
  private final ServiceHealth health;
  private final ServerSentEvents parser = new ServerSentEvents(Duration.ofSeconds(1));

  /** Throws when another try would be useless. */
  public interface ServiceHealth {
    void check();
  }

  public EventFollower(ServiceClient client, ServiceHealth health) {
    this.client = client;
    this.health = health;
  }

  /**
   * Passes on every event once and in order; returns the state in which the job ended.
   *
   * @throws ClientException if the service refuses the request or is gone
   */
  public String follow(String job, Consumer<JobEvent> listener) throws InterruptedException {
    while (true) {
      Optional<String> end = connection(job, listener);
      if (end.isPresent()) {
        return end.get();
      }
      health.check();
      Thread.sleep(parser.retry().toMillis());
      parser.reconnected();
    }
  }

  /** The final state; empty if the connection ended first. */
  private Optional<String> connection(String job, Consumer<JobEvent> listener)
      throws InterruptedException {
    try (Stream<String> lines = client.events(job, parser.lastEventId())) {
      return lines
          .flatMap(line -> parser.line(line).stream())
          .map(EventFollower::read)
          .peek(listener)
          .filter(event -> event.type().equals("state"))
          .map(event -> event.data().path("state").asString(""))
          .filter(ENDED::contains)
          .findFirst();
    } catch (IOException | UncheckedIOException broken) {
      return Optional.empty();
    }
  }

  private static JobEvent read(ServerSentEvent event) {
    JsonNode node = JSON.readTree(event.data());
    return new JobEvent(
        event.type(),
        node.path("level").asString("info"),
        Instant.parse(node.path("created_at").asString()),
        node.path("data"));
  }

  /**
   * An event of the job.
   *
   * @param type {@code state}, {@code progress}, {@code experts}, {@code log} or {@code metric}
   * @param level {@code info}, {@code warn} or {@code error}
   * @param at when it happened, by the service's clock
   */
  public record JobEvent(String type, String level, Instant at, JsonNode data) {}
}
