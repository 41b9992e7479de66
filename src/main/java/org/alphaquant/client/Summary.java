package org.alphaquant.client;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/** The table that ends a successful job. */
public final class Summary {
  private static final String ROW = "  %-20s %10s %10s   %s";
  private static final String LINE = "  %-20s %s";

  private Summary() {}

  /**
   * Reads the experts, which dense models, evaluations and repackings do not have.
   *
   * @param job the finished job, as {@code GET /v1/jobs/{id}} returns it
   * @param folder where the artifacts lie
   * @param path of the job
   */
  public static String of(ServiceClient client, JsonNode job, String folder, String path)
      throws InterruptedException {
    JsonNode experts = client.find(path + "/experts").orElseGet(MissingNode::getInstance);
    return render(job, experts, folder, client.url() + path);
  }

  /**
   * Says how a job ended that did not succeed, and why.
   *
   * @param state {@code FAILED} or {@code CANCELLED}
   */
  public static String failure(String state, JsonNode job) {
    String ended = state.equals("FAILED") ? "the job failed" : "the job was cancelled";
    String message = job.path("error").path("message").asString("");
    return message.isEmpty() ? ended : ended + ": " + message;
  }

  /**
   * @param job the finished job, as {@code GET /v1/jobs/{id}} returns it
   * @param experts its utilization, as {@code GET /v1/jobs/{id}/experts} returns it
   * @param folder where the artifacts lie
   * @param url of the job
   */
  static String render(JsonNode job, JsonNode experts, String folder, String url) {
    List<String> lines = new ArrayList<>();
    JsonNode result = job.path("result");
    if (result.path("ladder").isArray()) {
      lines.add(LadderTable.render(result.path("ladder")));
    } else {
      lines.add(row("", "before", "after", ""));
      perplexity(lines, result.path("perplexity"));
      size(lines, result.path("bytes"));
      bits(lines, result.path("bits_per_weight"));
    }
    lines.add("");
    utilization(lines, ExpertUse.of(experts));
    lines.add(line("artifacts", folder));
    lines.add(line("the job", url));
    return String.join("\n", lines);
  }

  private static void perplexity(List<String> lines, JsonNode measure) {
    if (!measure.isObject()) {
      return;
    }
    double after = measure.path("after").asDouble();
    if (measure.path("before").isNumber()) {
      double before = measure.path("before").asDouble();
      String change = text("%+.2f %%", 100 * (after / before - 1));
      lines.add(row("perplexity", text("%.4f", before), text("%.4f", after), change));
    } else {
      // Of an evaluation.
      lines.add(row("perplexity", "", text("%.4f", after), ""));
    }
  }

  private static void size(List<String> lines, JsonNode bytes) {
    if (bytes.isObject()) {
      long before = bytes.path("before").asLong();
      long after = bytes.path("after").asLong();
      lines.add(
          row("size", size(before), size(after), text("%+.1f %%", 100.0 * after / before - 100)));
    }
  }

  private static void bits(List<String> lines, JsonNode bits) {
    if (bits.isNumber()) {
      lines.add(
          row(
              "bits per weight",
              "",
              text("%.2f", bits.asDouble()),
              "of the quantized weights, scales counted in"));
    }
  }

  private static void utilization(List<String> lines, List<ExpertUse> experts) {
    if (experts.isEmpty()) {
      return;
    }
    List<ExpertUse> byShare = ExpertUse.mostUsedFirst(experts);
    lines.add(line("most used experts", names(byShare)));
    lines.add(line("least used experts", names(ExpertUse.leastUsedFirst(experts))));
    lines.add("");
  }

  private static String names(List<ExpertUse> experts) {
    return String.join(", ", experts.stream().limit(3).map(Summary::name).toList());
  }

  private static String name(ExpertUse use) {
    return text("layer %d expert %d (%.1f %%)", use.layer(), use.expert(), 100 * use.share());
  }

  /** Decimal units, as disks and downloads are measured. */
  static String size(long bytes) {
    double value = bytes;
    for (String unit : List.of("B", "kB", "MB", "GB")) {
      if (value < 999.5) {
        return text(value < 10 && !unit.equals("B") ? "%.2f %s" : "%.0f %s", value, unit);
      }
      value /= 1000;
    }
    return text("%.2f TB", value);
  }

  private static String row(String name, String before, String after, String remark) {
    return text(ROW, name, before, after, remark).stripTrailing();
  }

  private static String line(String name, String value) {
    return text(LINE, name, value);
  }

  private static String text(String format, Object... arguments) {
    return String.format(Locale.ROOT, format, arguments);
  }
}
