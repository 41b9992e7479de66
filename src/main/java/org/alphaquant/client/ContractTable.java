package org.alphaquant.client;

import java.util.Locale;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/** The plans that a contract's search tried, and the proof of the chosen one. */
final class ContractTable {

  private ContractTable() {}

  /**
   * @param contract as in the event {@code contract} and in a report
   */
  static String render(JsonNode contract) {
    Table table = new Table("bits", "bytes", "holds", "measured on the text of the search");
    for (JsonNode tried : contract.path("tried")) {
      row(
          table,
          number("%.3f", tried.path("bits_per_weight")),
          Summary.size(tried.path("bytes").asLong()),
          tried.path("verdict"));
    }
    if (contract.path("proof").isObject()) {
      row(table, "proof", "", contract.path("proof"));
    }
    return table.render();
  }

  private static void row(Table table, String bits, String bytes, JsonNode verdict) {
    table.row(bits, bytes, verdict.path("holds").asBoolean(false) ? "yes" : "no", words(verdict));
  }

  private static String words(JsonNode verdict) {
    return verdict
        .path("terms")
        .valueStream()
        .map(
            term ->
                "%s %s: %s (%s to %s)"
                    .formatted(
                        term.path("name").asString(""),
                        number("%.4g", term.path("limit")),
                        number("%.4g", term.path("value")),
                        number("%.4g", term.path("low")),
                        number("%.4g", term.path("high"))))
        .collect(Collectors.joining(", "));
  }

  private static String number(String format, JsonNode value) {
    return value.isNumber() ? String.format(Locale.ROOT, format, value.asDouble()) : "";
  }
}
