package org.alphaquant.scheme;

import tools.jackson.databind.JsonNode;

/**
 * A configuration that comes with the service.
 *
 * @param name stable name, {@code int4-g128}
 * @param title name for people
 * @param description what it does and for whom
 * @param output the output object of a job that goes with it
 * @param config the configuration as JSON, as a job takes it
 */
public record Preset(
    String name, String title, String description, JsonNode output, JsonNode config) {

  /** The configuration, read. */
  public QuantizationConfig configuration() {
    return QuantizationConfig.parse(config);
  }
}
