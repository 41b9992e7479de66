package org.alphaquant.quickstart;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.JsonNode;

/** What other methods make of the same model at the same bits, side by side. */
final class ComparisonTable {
  private static final String ROW = "  %-28s %10s   %8s   %13s";

  private final List<String> lines = new ArrayList<>();
  private final double before;

  /**
   * @param job the finished job that the others are compared with
   */
  ComparisonTable(JsonNode job) {
    this.before = perplexity(job).path("before").asDouble();
    lines.add(row("at the same bits", "perplexity", "", "KL divergence"));
    lines.add(row("the original", text("%.4f", before), "", ""));
  }

  static JsonNode perplexity(JsonNode job) {
    return job.path("result").path("perplexity");
  }

  ComparisonTable add(String name, JsonNode job) {
    double after = perplexity(job).path("after").asDouble();
    JsonNode mean = job.path("result").path("divergence").path("mean").path("value");
    lines.add(
        row(
            name,
            text("%.4f", after),
            text("%+.2f %%", 100 * (after / before - 1)),
            mean.isNumber() ? text("%.4f", mean.asDouble()) : ""));
    return this;
  }

  @Override
  public String toString() {
    return String.join("\n", lines);
  }

  private static String row(String name, String perplexity, String change, String divergence) {
    return text(ROW, name, perplexity, change, divergence).stripTrailing();
  }

  private static String text(String format, Object... arguments) {
    return String.format(Locale.ROOT, format, arguments);
  }
}
