package org.alphaquant.client;

import java.util.Locale;
import tools.jackson.databind.JsonNode;

/** The sizes of a ladder, smallest first. */
final class LadderTable {

  private LadderTable() {}

  /**
   * @param sizes as in {@code result.ladder} of a job and the event {@code ladder}
   */
  static String render(JsonNode sizes) {
    Table table =
        new Table("size", "bits", "bytes", "perplexity", "KL", "95 %", "top-1", "best", "seconds");
    for (JsonNode size : sizes) {
      JsonNode kl = size.path("divergence").path("mean");
      table.row(
          size.path("name").asString(""),
          number("%.3f", size.path("bits_per_weight")),
          Summary.size(size.path("bytes").path("after").asLong()),
          number("%.4f", size.path("perplexity").path("after")),
          number("%.5f", kl.path("value")),
          kl.isObject()
              ? number("%.5f", kl.path("low")) + " to " + number("%.5f", kl.path("high"))
              : "",
          percent(size.path("divergence").path("top_one_agreement").path("value")),
          size.path("best").asBoolean(false) ? "*" : "",
          number("%.1f", size.path("seconds")));
    }
    return table.render();
  }

  /** One size as a line. */
  static String line(JsonNode size) {
    JsonNode kl = size.path("divergence").path("mean").path("value");
    return "%s: %s bits a weight, %s%s"
        .formatted(
            size.path("name").asString(""),
            number("%.3f", size.path("bits_per_weight")),
            Summary.size(size.path("bytes").path("after").asLong()),
            kl.isNumber() ? ", KL " + number("%.5f", kl) : "");
  }

  private static String percent(JsonNode share) {
    return share.isNumber() ? text("%.1f %%", 100 * share.asDouble()) : "";
  }

  private static String number(String format, JsonNode value) {
    return value.isNumber() ? text(format, value.asDouble()) : "";
  }

  private static String text(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }
}
