package org.alphaquant.client;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * How much one expert was used.
 *
 * @param share of its layer's (token, expert) pairs, 0 to 1
 */
record ExpertUse(int layer, int expert, double share) {
  private static final Comparator<ExpertUse> BY_SHARE =
      Comparator.comparingDouble(ExpertUse::share);

  /** Reads what {@code GET /v1/jobs/{id}/experts} returns. */
  static List<ExpertUse> of(JsonNode experts) {
    List<ExpertUse> uses = new ArrayList<>();
    for (JsonNode layer : experts.path("data")) {
      for (JsonNode expert : layer.path("experts")) {
        uses.add(
            new ExpertUse(
                layer.path("layer").asInt(),
                expert.path("expert").asInt(),
                expert.path("share").asDouble(0)));
      }
    }
    return uses;
  }

  static List<ExpertUse> mostUsedFirst(List<ExpertUse> uses) {
    return uses.stream().sorted(BY_SHARE.reversed()).toList();
  }

  static List<ExpertUse> leastUsedFirst(List<ExpertUse> uses) {
    return uses.stream().sorted(BY_SHARE).toList();
  }
}
