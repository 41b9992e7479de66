package org.alphaquant.client;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.JsonNode;

/**
 * A heat map of layers by experts in block characters. The height of a block is the expert's share
 * of its layer's tokens relative to an even share: a half block is exactly even, a full one twice
 * that or more.
 */
final class ExpertMap {
  private static final String BLOCKS = "▁▂▃▄▅▆▇█";
  private static final char STARVED = '×';
  private static final String RED = "\033[31m";
  private static final String PLAIN = "\033[0m";
  private static final int MOST_NAMED = 12;
  private static final int MARGIN = 12;
  private static final int NARROWEST = 16;

  private ExpertMap() {}

  /**
   * @param layers {@code data} of {@code GET /v1/jobs/{id}/experts}
   * @param width columns of the terminal; 0 where there is none
   */
  static String render(JsonNode layers, int width) {
    if (layers.isEmpty()) {
      return "No layer has counted its experts.";
    }
    List<String> lines = new ArrayList<>();
    List<String> starved = new ArrayList<>();
    boolean coloured = width > 0;
    for (JsonNode layer : layers) {
      rows(lines, layer, coloured ? Math.max(NARROWEST, width - MARGIN) : Integer.MAX_VALUE);
      starved(starved, layer);
    }
    lines.add("");
    lines.add(
        "▄ an even share, █ twice that or more, %s under-utilized"
            .formatted(coloured ? RED + "red" + PLAIN : STARVED));
    starved.stream().limit(MOST_NAMED).forEach(lines::add);
    if (starved.size() > MOST_NAMED) {
      lines.add("and %d more; --json names them all".formatted(starved.size() - MOST_NAMED));
    }
    return String.join("\n", lines);
  }

  private static void rows(List<String> lines, JsonNode layer, int width) {
    JsonNode experts = layer.path("experts");
    String name = "layer %3d  ".formatted(layer.path("layer").asInt());
    for (int from = 0; from < experts.size(); from += width) {
      StringBuilder row = new StringBuilder(from == 0 ? name : " ".repeat(name.length()));
      for (int i = from; i < Math.min((long) from + width, experts.size()); i++) {
        row.append(cell(experts.get(i), experts.size(), width < Integer.MAX_VALUE));
      }
      lines.add(row.toString());
      if (width == Integer.MAX_VALUE) {
        return;
      }
    }
  }

  /** Without colours, a cross marks an under-utilized expert. */
  private static String cell(JsonNode expert, int experts, boolean coloured) {
    String block = String.valueOf(block(expert.path("share").asDouble(0) * experts));
    if (!expert.path("under_utilized").asBoolean(false)) {
      return block;
    }
    return coloured ? RED + block + PLAIN : String.valueOf(STARVED);
  }

  /** An even share (1) is the fourth of eight heights. */
  private static char block(double relative) {
    int height = (int) Math.round(relative * BLOCKS.length() / 2) - 1;
    return BLOCKS.charAt(Math.max(0, Math.min(BLOCKS.length() - 1, height)));
  }

  private static void starved(List<String> lines, JsonNode layer) {
    for (JsonNode expert : layer.path("experts")) {
      if (expert.path("under_utilized").asBoolean(false)) {
        lines.add(
            String.format(
                Locale.ROOT,
                "under-utilized: layer %d expert %d, %d %s (%.2f %%)",
                layer.path("layer").asInt(),
                expert.path("expert").asInt(),
                expert.path("tokens").asLong(),
                expert.path("tokens").asLong() == 1 ? "token" : "tokens",
                100 * expert.path("share").asDouble(0)));
      }
    }
  }
}
