package org.alphaquant.scheme;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A built-in configuration.
 *
 * @param name stable name, {@code int4-g128}
 * @param title name for people
 * @param description what it does and for whom
 * @param saves what a published model comes to with it, in which format
 * @param output the {@code output} object of a job that uses it
 * @param config the configuration as JSON, as a job takes it
 */
public record Preset(
    String name, String title, String description, String saves, JsonNode output, JsonNode config) {

  /** The configuration, read. */
  public QuantizationConfig configuration() {
    return QuantizationConfig.parse(config);
  }

  /**
   * Merges it into a job's body, whose own fields take precedence: fields of its {@code default}
   * and of its {@code output} win, its {@code overrides} come after the preset's.
   */
  public void writeInto(ObjectNode job) {
    if (!job.has("config") || job.get("config").isNull()) {
      job.set("config", named());
    } else if (job.get("config") instanceof ObjectNode own) {
      job.set("config", below(own));
    }
    if (!job.has("output") || job.get("output").isNull()) {
      job.set("output", output.deepCopy());
    } else if (job.get("output") instanceof ObjectNode own) {
      job.set("output", ((ObjectNode) output.deepCopy()).setAll(own));
    }
  }

  private ObjectNode named() {
    ObjectNode copy = (ObjectNode) config.deepCopy();
    return copy.put("comment", "preset " + name);
  }

  private ObjectNode below(ObjectNode own) {
    ObjectNode merged = named();
    own.forEachEntry(
        (field, value) -> {
          if (field.equals("default") && value instanceof ObjectNode fields) {
            merged.withObject("/default").setAll(fields);
          } else if (field.equals("overrides") && value instanceof ArrayNode more) {
            append(merged.withArray("/overrides"), more);
          } else {
            merged.set(field, value);
          }
        });
    return merged;
  }

  // A body that was answered with the preset written out may be posted again.
  private static void append(ArrayNode overrides, ArrayNode more) {
    int all = overrides.size();
    boolean written =
        more.size() >= all
            && overrides.valueStream().toList().equals(more.valueStream().limit(all).toList());
    more.valueStream().skip(written ? all : 0).forEach(overrides::add);
  }
}
