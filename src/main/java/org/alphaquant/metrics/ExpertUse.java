package org.alphaquant.metrics;

import tools.jackson.databind.JsonNode;

/**
 * Sums over the layers that a job has reported.
 *
 * @param starved under-utilized experts of all layers
 * @param hottestShare largest share of one expert in any layer
 * @param entropyRatio least entropy of a layer, relative to that of an even spread
 */
record ExpertUse(int starved, double hottestShare, double entropyRatio) {

  static final ExpertUse NONE = new ExpertUse(0, 0, 1);

  /**
   * The sums with one more layer.
   *
   * @param layer data of an {@code experts} event
   */
  ExpertUse and(JsonNode layer) {
    int more = 0;
    double share = hottestShare;
    for (JsonNode expert : layer.path("experts")) {
      more += expert.path("under_utilized").asBoolean(false) ? 1 : 0;
      share = Math.max(share, expert.path("share").asDouble(0));
    }
    double even = Math.log(Math.max(2, layer.path("experts").size())) / Math.log(2);
    double ratio = layer.path("entropy").asDouble(even) / even;
    return new ExpertUse(starved + more, share, Math.min(entropyRatio, ratio));
  }
}
