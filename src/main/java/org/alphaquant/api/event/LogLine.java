package org.alphaquant.api.event;

import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.alphaquant.job.row.JobEvent;
import tools.jackson.databind.JsonNode;

/** An event as a line to read: time in UTC, level, attempt, what happened. */
final class LogLine {

  private static final DateTimeFormatter TIME =
      new DateTimeFormatterBuilder().appendInstant(3).toFormatter(Locale.ROOT);

  private LogLine() {}

  static String of(JobEvent event) {
    JsonNode data = event.data();
    String level = data.path("level").asString(event.level());
    return "%s %-7s attempt=%d %s\n"
        .formatted(
            TIME.format(event.createdAt()),
            level.toUpperCase(Locale.ROOT),
            event.attempt(),
            // One line for each event, with control characters escaped.
            words(event.type(), data).replaceAll("\\R", " | "));
  }

  private static String words(String type, JsonNode data) {
    return switch (type) {
      case "state" -> state(data);
      case "progress" -> progress(data);
      case "experts" -> experts(data);
      case "allocation" -> allocation(data);
      case "log" -> data.path("message").asString("");
      default -> type + " " + data;
    };
  }

  private static String state(JsonNode data) {
    StringBuilder line = new StringBuilder(data.path("state").asString(""));
    if (data.path("reason").isString()) {
      line.append(": ").append(data.path("reason").asString());
    }
    JsonNode error = data.path("error");
    if (error.isObject()) {
      line.append(": ").append(error.path("code").asString(""));
      line.append(": ").append(error.path("message").asString(""));
    }
    if (data.path("run_after").isString()) {
      line.append(", tried again from ").append(data.path("run_after").asString());
    }
    return line.toString();
  }

  private static String progress(JsonNode data) {
    StringBuilder line = new StringBuilder(data.path("phase").asString(""));
    if (data.path("layers").asInt(0) > 0) {
      line.append(" %d/%d".formatted(data.path("layer").asInt(0), data.path("layers").asInt()));
    }
    if (data.path("fraction").isNumber()) {
      line.append(", %.0f %% of the job".formatted(100 * data.path("fraction").asDouble()));
    }
    if (data.path("estimated_remaining_seconds").isNumber()) {
      line.append(", about %d s left".formatted(data.path("estimated_remaining_seconds").asLong()));
    }
    return line.toString();
  }

  private static String allocation(JsonNode data) {
    String units =
        data.path("units")
            .valueStream()
            .map(unit -> unit.path("unit").asString("") + " " + unit.path("wq").asString(""))
            .collect(Collectors.joining(", "));
    return "%.3f bits a weight, %d of %d bytes: %s"
        .formatted(
            data.path("bits_per_weight").asDouble(0),
            data.path("bytes").asLong(0),
            data.path("budget_bytes").asLong(0),
            units);
  }

  private static String experts(JsonNode layer) {
    List<Integer> starved = new ArrayList<>();
    int hottest = 0;
    double share = 0;
    for (JsonNode expert : layer.path("experts")) {
      if (expert.path("under_utilized").asBoolean(false)) {
        starved.add(expert.path("expert").asInt(0));
      }
      if (expert.path("share").asDouble(0) > share) {
        share = expert.path("share").asDouble(0);
        hottest = expert.path("expert").asInt(0);
      }
    }
    return "layer %d: %d of %d experts under-utilized%s; expert %d took %.1f %% of the tokens"
        .formatted(
            layer.path("layer").asInt(0),
            starved.size(),
            layer.path("experts").size(),
            starved.isEmpty() ? "" : " " + starved,
            hottest,
            100 * share);
  }
}
