package org.alphaquant.client;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;

/** Lists jobs, newest first. */
@Command(name = "list", description = "List jobs, newest first.", mixinStandardHelpOptions = true)
final class ListJobs extends ServiceCommand {
  @Option(
      names = "--state",
      paramLabel = "STATE",
      split = ",",
      description = "Only jobs in these states: queued, running, succeeded, failed, cancelled.")
  private List<String> states = new ArrayList<>();

  @Option(
      names = "--label",
      paramLabel = "NAME=VALUE",
      description = "Only jobs with this label; may be repeated.")
  private Map<String, String> labels = new LinkedHashMap<>();

  @Option(names = "--limit", paramLabel = "N", description = "Most jobs to list (20).")
  private int limit = 20;

  @Override
  int run(ServiceClient client) throws InterruptedException {
    JsonNode page = client.read("/v1/jobs?" + query());
    print(page, table(page.path("data")));
    return 0;
  }

  private String query() {
    List<String> parts = new ArrayList<>();
    parts.add("limit=" + limit);
    if (!states.isEmpty()) {
      parts.add("state=" + String.join(",", states).toUpperCase(Locale.ROOT));
    }
    labels.forEach(
        (name, value) ->
            parts.add(
                "label.%s=%s"
                    .formatted(ServiceClient.encoded(name), ServiceClient.encoded(value))));
    return String.join("&", parts);
  }

  private static String table(JsonNode jobs) {
    if (jobs.isEmpty()) {
      return "No jobs.";
    }
    Table table = new Table("id", "state", "method", "model", "created", "progress");
    for (JsonNode job : jobs) {
      table.row(
          job.path("id").asString(""),
          job.path("state").asString("").toLowerCase(Locale.ROOT),
          job.path("recipe").asString(job.path("kind").asString("")),
          job.path("model").asString(""),
          job.path("created_at").asString("").replaceAll("\\.\\d+", ""),
          remark(job));
    }
    return table.render();
  }

  private static String remark(JsonNode job) {
    return switch (job.path("state").asString("")) {
      case "RUNNING" -> running(job.path("progress"));
      case "QUEUED" -> job.path("waiting_reason").asString("");
      case "FAILED" -> job.path("error").path("message").asString("");
      default -> "";
    };
  }

  private static String running(JsonNode progress) {
    return progress.path("fraction").isNumber()
        ? String.format(Locale.ROOT, "%.0f %%", 100 * progress.path("fraction").asDouble())
        : progress.path("phase").asString("");
  }
}
