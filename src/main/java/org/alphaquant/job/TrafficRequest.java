package org.alphaquant.job;

import static org.alphaquant.job.Limits.orElse;
import static org.alphaquant.job.Limits.text;
import static org.alphaquant.job.Limits.textOrNull;
import static org.alphaquant.job.Limits.within;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * Which experts real traffic uses, for a result that is fitted to it.
 *
 * @param expertCounts the counts themselves, by layer and expert; the name of a JSON file with
 *     them, as {@link TextRequest#source}; or {@code {"prometheus": …}}
 * @param effective least part of the calibration text that has to count, as Kish's effective sample
 *     size: nearer to the traffic is less text
 * @param origin where the service had the counts from, when it asked a Prometheus server for them
 */
@JsonNaming(SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record TrafficRequest(JsonNode expertCounts, Double effective, String origin) {

  private static final String PROMETHEUS = "prometheus";
  private static final String FIELD = "expert_counts";

  public TrafficRequest {
    if (expertCounts == null
        || !(expertCounts.isObject() || expertCounts.isArray() || expertCounts.isString())) {
      throw new SpecException(
          FIELD, expertCounts, "counts by layer, the name of a file, or an object with prometheus");
    }
    if (expertCounts.isString()) {
      text(FIELD, expertCounts.stringValue(), 1024);
    }
    expertCounts = expertCounts.deepCopy();
    prometheus(expertCounts);
    effective = within("effective", orElse(effective, 0.5), 0.01, 1);
    textOrNull("origin", origin, 4096);
  }

  /**
   * A query of a Prometheus server that gives a number for every expert.
   *
   * @param url of the server, one of those that the service may ask
   * @param query in PromQL, as of now
   * @param layerLabel label whose value has the layer's number
   * @param expertLabel the same for the expert
   */
  @JsonNaming(SnakeCaseStrategy.class)
  public record Prometheus(String url, String query, String layerLabel, String expertLabel) {
    public Prometheus {
      text("url", url, 1024);
      text("query", query, 4096);
      layerLabel = label("layer_label", orElse(layerLabel, "layer"));
      expertLabel = label("expert_label", orElse(expertLabel, "expert"));
    }

    private static String label(String field, String name) {
      if (!name.matches("[a-zA-Z_][a-zA-Z0-9_]{0,127}")) {
        throw new SpecException(field, name, "a label's name: letters, digits and underscores");
      }
      return name;
    }
  }

  /** The file that the counts are in. */
  public Optional<TextRequest> file() {
    return expertCounts.isString()
        ? Optional.of(new TextRequest(expertCounts.stringValue(), null, null, null, null, null))
        : Optional.empty();
  }

  /** The server that has them. */
  public Optional<Prometheus> prometheus() {
    return prometheus(expertCounts);
  }

  /** The same with the counts themselves. */
  public TrafficRequest counted(JsonNode counts, String from) {
    return new TrafficRequest(counts, effective, from);
  }

  private static Optional<Prometheus> prometheus(JsonNode counts) {
    if (!counts.isObject() || !counts.has(PROMETHEUS)) {
      return Optional.empty();
    }
    JsonNode asked = counts.get(PROMETHEUS);
    for (String name : counts.propertyNames()) {
      if (!name.equals(PROMETHEUS)) {
        throw new SpecException(FIELD + "/" + name, "given beside prometheus", "left out");
      }
    }
    for (String name : asked.propertyNames()) {
      if (!name.matches("url|query|layer_label|expert_label")) {
        throw new SpecException(
            FIELD + "/prometheus/" + name, "given", "one of url, query, layer_label, expert_label");
      }
    }
    return Optional.of(
        new Prometheus(
            word(asked, "url"),
            word(asked, "query"),
            word(asked, "layer_label"),
            word(asked, "expert_label")));
  }

  private static String word(JsonNode asked, String name) {
    JsonNode value = asked.path(name);
    if (!value.isString() && !value.isMissingNode() && !value.isNull()) {
      throw new SpecException(FIELD + "/prometheus/" + name, value, "a text");
    }
    return value.isString() ? value.stringValue() : null;
  }
}
