package org.alphaquant.client;

import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import tools.jackson.databind.JsonNode;

/** Shows the plan of a job. */
@Command(
    name = "plan",
    description = "Show what a job would come to: bits, bytes, memory, warnings.",
    mixinStandardHelpOptions = true)
final class PlanJob extends ServiceCommand {
  @Mixin private JobBody body;

  @Override
  int run(ServiceClient client) throws InterruptedException {
    JsonNode plan = client.post("/v1/plans", body.text(client));
    print(plan, text(plan));
    return 0;
  }

  private static String text(JsonNode plan) {
    // A model that could not be inspected has only warnings.
    StringBuilder text =
        new StringBuilder(plan.has("family") ? figures(plan) : plan.path("model").asString(""));
    for (JsonNode warning : plan.path("warnings")) {
      text.append("\n%s: ".formatted(warning.path("severity").asString("warning")))
          .append(warning.path("detail").asString(""));
    }
    return text.toString();
  }

  private static String figures(JsonNode plan) {
    JsonNode bytes = plan.path("bytes");
    String head =
        "%s (%s) as %s: %s -> %s, %s bits per weight\n\n"
            .formatted(
                plan.path("model").asString(""),
                plan.path("family").asString(""),
                plan.path("format").asString(""),
                Summary.size(bytes.path("before").asLong()),
                Summary.size(bytes.path("after").asLong()),
                number(plan.path("bits_per_weight").asDouble()));
    return head
        + (plan.path("ladder").isArray()
            ? ladder(plan.path("ladder"))
            : schemes(plan.path("schemes")));
  }

  private static String ladder(JsonNode sizes) {
    Table table = new Table("size", "format", "bits", "bytes");
    for (JsonNode size : sizes) {
      table.row(
          size.path("name").asString(""),
          size.path("format").asString(""),
          number(size.path("bits_per_weight").asDouble()),
          size.path("bytes").isNumber() ? Summary.size(size.path("bytes").asLong()) : "by budget");
    }
    return table.render();
  }

  private static String schemes(JsonNode schemes) {
    Table table = new Table("weights", "inputs", "group", "modules", "weights in all");
    for (JsonNode scheme : schemes) {
      table.row(
          scheme.path("wq").asString(""),
          scheme.path("aq").asString(""),
          group(scheme),
          scheme.path("count").asString(""),
          scheme.path("weights").asString(""));
    }
    return table.render();
  }

  private static String group(JsonNode scheme) {
    boolean whole = scheme.path("group_size").asLong(0) < 0;
    boolean plain = scheme.path("wq").asString("").equals("bf16");
    return plain ? "" : whole ? "row" : scheme.path("group_size").asString("");
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.3f", value);
  }
}
