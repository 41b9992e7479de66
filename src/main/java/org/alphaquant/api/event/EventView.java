package org.alphaquant.api.event;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import java.util.Locale;
import org.alphaquant.job.row.JobEvent;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * An event as clients see it.
 *
 * @param seq 1, 2, 3 … without gaps
 * @param attempt which attempt it is of; 0 before the first
 */
record EventView(
    long seq,
    long attempt,
    String type,
    String level,
    JsonNode data,
    @JsonProperty("created_at") Instant createdAt) {

  static EventView of(JobEvent event) {
    return new EventView(
        event.seq(),
        event.attempt(),
        event.type(),
        event.level(),
        spelled(event.type(), event.data()),
        event.createdAt());
  }

  /** Error classes are stored as Java names them and spelled here as everywhere else. */
  private static JsonNode spelled(String type, JsonNode data) {
    if (!type.equals("state") || !(data instanceof ObjectNode object)) {
      return data;
    }
    ObjectNode copy = object.deepCopy();
    if (copy.get("error") instanceof ObjectNode error) {
      lower(error, "class");
    }
    return copy;
  }

  private static void lower(ObjectNode object, String name) {
    if (object.path(name).isString()) {
      object.put(name, object.get(name).stringValue().toLowerCase(Locale.ROOT));
    }
  }
}
