package org.alphaquant.api.result;

import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * How the router used the experts over the calibration text, on its own (natural) decisions.
 *
 * <p>A run reports each layer as an event of type {@code experts}, and writes all of them as the
 * artifact {@code experts.json}: {@code {"data": [layer, …]}}. They are handed on as they are.
 *
 * @param complete whether these are all layers that have experts
 * @param data one entry for each layer, by its index
 */
record ExpertUtilization(boolean complete, List<JsonNode> data) {

  ExpertUtilization {
    data = List.copyOf(data);
  }

  /** The layer's index, counted from 0 as in the model's tensor names. */
  static int layer(JsonNode layer) {
    return layer.get("layer").intValue();
  }

  /** Only one layer; no data if it has no experts or is not finished. */
  ExpertUtilization only(int layer) {
    return new ExpertUtilization(complete, data.stream().filter(it -> layer(it) == layer).toList());
  }
}
