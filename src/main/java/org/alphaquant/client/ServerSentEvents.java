package org.alphaquant.client;

import java.time.Duration;
import java.util.Optional;

/**
 * Reads a stream of server-sent events line by line, as the HTML standard describes it (section
 * 9.2.6, "Interpreting an event stream").
 */
final class ServerSentEvents {
  private final StringBuilder data = new StringBuilder();
  private String type = "";
  private String id = "";
  private String lastEventId = "";
  private Duration retry;

  /**
   * @param retry wait before a reconnection, unless the stream sets another
   */
  ServerSentEvents(Duration retry) {
    this.retry = retry;
  }

  /** The event that this line completes, if it does. */
  Optional<ServerSentEvent> line(String line) {
    if (line.isEmpty()) {
      return dispatch();
    }
    int colon = line.indexOf(':');
    if (colon == 0) {
      return Optional.empty();
    }
    String field = colon < 0 ? line : line.substring(0, colon);
    String value = colon < 0 ? "" : line.substring(colon + 1);
    field(field, value.startsWith(" ") ? value.substring(1) : value);
    return Optional.empty();
  }

  /** The value for Last-Event-ID; empty before the first event. */
  String lastEventId() {
    return lastEventId;
  }

  Duration retry() {
    return retry;
  }

  /** Drops the part of an event that a broken connection left. */
  void reconnected() {
    data.setLength(0);
    type = "";
    id = lastEventId;
  }

  private void field(String field, String value) {
    switch (field) {
      case "event" -> type = value;
      case "data" -> data.append(value).append('\n');
      case "retry" -> {
        if (value.matches("\\d{1,9}")) {
          retry = Duration.ofMillis(Long.parseLong(value));
        }
      }
      case "id" -> {
        if (value.indexOf('\0') < 0) {
          id = value;
        }
      }
      default -> {
        // The standard ignores other fields.
      }
    }
  }

  private Optional<ServerSentEvent> dispatch() {
    lastEventId = id;
    Optional<ServerSentEvent> event = Optional.empty();
    if (!data.isEmpty()) {
      data.setLength(data.length() - 1);
      event =
          Optional.of(new ServerSentEvent(id, type.isEmpty() ? "message" : type, data.toString()));
    }
    reconnected();
    return event;
  }
}
