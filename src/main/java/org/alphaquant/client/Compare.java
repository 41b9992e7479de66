package org.alphaquant.client;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;

/** Compares results side by side. */
@Command(
    name = "compare",
    description = "Put the results of several jobs side by side, smallest first.",
    mixinStandardHelpOptions = true)
final class Compare extends ServiceCommand {
  @Parameters(paramLabel = "JOB", arity = "2..*", description = "Ids of the jobs.")
  private List<String> ids;

  @Override
  int run(ServiceClient client) throws InterruptedException {
    List<JsonNode> jobs = new ArrayList<>();
    for (String id : ids) {
      jobs.add(client.read("/v1/jobs/" + ServiceClient.encoded(id)));
    }
    ArrayNode answer = JsonMapper.shared().createArrayNode();
    jobs.forEach(answer::add);
    print(answer, table(jobs));
    return 0;
  }

  private static String table(List<JsonNode> jobs) {
    Table table =
        new Table("job", "method", "model", "state", "size", "bits", "before", "after", "change");
    jobs.stream().sorted(Compare::bySize).forEach(job -> row(table, job));
    return table.render();
  }

  private static void row(Table table, JsonNode job) {
    JsonNode result = job.path("result");
    JsonNode perplexity = result.path("perplexity");
    double before = perplexity.path("before").asDouble(Double.NaN);
    double after = perplexity.path("after").asDouble(Double.NaN);
    table.row(
        job.path("id").asString(""),
        job.path("recipe").asString(job.path("kind").asString("")),
        job.path("model").asString(""),
        job.path("state").asString("").toLowerCase(Locale.ROOT),
        result.path("bytes").isObject() ? Summary.size(size(job)) : "",
        number("%.2f", result.path("bits_per_weight").asDouble(Double.NaN)),
        number("%.4f", before),
        number("%.4f", after),
        number("%+.2f %%", 100 * (after / before - 1)));
  }

  private static int bySize(JsonNode a, JsonNode b) {
    return Long.compare(size(a), size(b));
  }

  private static long size(JsonNode job) {
    return job.path("result").path("bytes").path("after").asLong(Long.MAX_VALUE);
  }

  private static String number(String format, double value) {
    return Double.isNaN(value) ? "" : String.format(Locale.ROOT, format, value);
  }
}
