package org.alphaquant.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.measure.Figure;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.SourceSettings;
import org.alphaquant.prepare.SourceSettings.Roots;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What fitting a result to the traffic of one domain is worth, and what it costs in the others: the
 * figures of docs/traffic.md. Nobody but whoever counts its experts sees text of the domain.
 *
 * <p>Arguments: the domains to fit to, comma-separated; calibration seeds, comma-separated; and
 * fields of the job besides, as JSON.
 */
final class TrafficBench {

  private static final JsonMapper JSON = JsonMapper.shared();
  private static final Path EXAMPLES = Path.of("examples");
  private static final int CALIBRATED = 700;

  /** The kinds of documents that the demo's text is made of. */
  private static final Map<String, Predicate<String>> DOMAINS = domains();

  private final Path folder;
  private final ObjectNode fields;
  private final RunSession session = new RunSession(List.of("cpu"));
  private int runs;

  private TrafficBench(Path folder, ObjectNode fields) {
    this.folder = folder;
    this.fields = fields;
  }

  public static void main(String[] arguments) throws IOException {
    Path folder = Files.createTempDirectory("traffic-bench");
    String fields = arguments.length > 2 ? arguments[2] : "{}";
    TrafficBench bench = new TrafficBench(folder, (ObjectNode) JSON.readTree(fields));
    bench.write();
    Map<String, JsonNode> traffic = new LinkedHashMap<>();
    for (String domain : arguments[0].split(",")) {
      traffic.put(domain, bench.traffic(domain));
    }
    for (String seed : arguments[1].split(",")) {
      bench.compare(Long.parseLong(seed), traffic);
    }
  }

  private static Map<String, Predicate<String>> domains() {
    Map<String, Predicate<String>> domains = new LinkedHashMap<>();
    domains.put("code", text -> text.startsWith("def "));
    domains.put("records", text -> text.startsWith("{"));
    domains.put("sums", text -> Character.isDigit(text.charAt(0)));
    domains.put("stories", text -> text.startsWith("One day"));
    return domains;
  }

  // The first documents are calibrated on. Of every domain the others are cut in two halves: one to
  // count experts on, one to measure on.
  private void write() throws IOException {
    List<String> lines = Files.readAllLines(EXAMPLES.resolve("text/calibration.jsonl"));
    Files.write(folder.resolve("calibration.jsonl"), lines.subList(0, CALIBRATED));
    List<String> others = new ArrayList<>();
    for (String line : lines.subList(CALIBRATED, lines.size())) {
      others.add(JSON.readTree(line).get("text").asString());
    }
    String eval = Files.readString(EXAMPLES.resolve("text/eval.txt"));
    others.addAll(List.of(eval.split("\n\n+")));
    for (Map.Entry<String, Predicate<String>> domain : DOMAINS.entrySet()) {
      List<String> own =
          others.stream().filter(it -> !it.isBlank()).filter(domain.getValue()).distinct().toList();
      for (int half = 0; half < 2; half++) {
        StringBuilder text = new StringBuilder();
        for (int i = half; i < own.size(); i += 2) {
          text.append(own.get(i)).append("\n\n");
        }
        Files.writeString(folder.resolve(domain.getKey() + "-" + half + ".txt"), text);
      }
    }
    for (String domain : DOMAINS.keySet()) {
      StringBuilder text = new StringBuilder();
      for (String other : DOMAINS.keySet()) {
        if (!other.equals(domain)) {
          text.append(Files.readString(folder.resolve(other + "-1.txt")));
        }
      }
      Files.writeString(folder.resolve("not-" + domain + ".txt"), text);
    }
  }

  /** Counts of a domain's first half by layer and expert. */
  private JsonNode traffic(String domain) throws IOException {
    ObjectNode job = job(0);
    job.putObject("config").putObject("default").put("wq", "int8");
    job.putObject("gptq").put("sweeps", 0);
    job.withObject("/calibration").put("path", domain + "-0.txt");
    ArrayNode layers = JSON.createArrayNode();
    for (JsonNode layer : report(run(job).folder()).get("experts")) {
      ArrayNode counts = layers.addArray();
      layer.get("experts").forEach(expert -> counts.add(expert.get("tokens")));
    }
    return layers;
  }

  private void compare(long seed, Map<String, JsonNode> traffic) throws IOException {
    for (Map.Entry<String, JsonNode> domain : traffic.entrySet()) {
      ObjectNode plain = job(seed);
      ObjectNode evaluation = plain.putObject("evaluation");
      evaluation.putObject("perplexity").put("path", domain.getKey() + "-1.txt").put("window", 64);
      evaluation.putObject("divergence").put("windows", 512);
      ObjectNode fitted = plain.deepCopy();
      ObjectNode own = fitted.putObject("traffic");
      own.set("expert_counts", domain.getValue());
      if (fields.has("effective")) {
        own.set("effective", fields.get("effective"));
      }
      print(seed, domain.getKey(), "plain", run(plain));
      print(seed, domain.getKey(), "fitted", run(fitted));
    }
  }

  private void print(long seed, String domain, String which, Ran ran) throws IOException {
    System.out.printf(
        "%s, seed %d, %s: %s, elsewhere %s; %s%n",
        domain,
        seed,
        which,
        words(ran.result()),
        elsewhere(ran.folder(), domain),
        fit(report(ran.folder())));
  }

  private static String fit(JsonNode report) {
    JsonNode traffic = report.at("/calibration/traffic");
    double before = 0;
    double after = 0;
    for (JsonNode layer : traffic.path("layers")) {
      before += layer.get("before").asDouble() / traffic.get("layers").size();
      after += layer.get("after").asDouble() / traffic.get("layers").size();
    }
    return "%.3f from the traffic, then %.3f with %.2f of the text; %,d bytes"
        .formatted(
            before,
            after,
            traffic.path("effective").asDouble(),
            report.at("/bytes/after").asLong());
  }

  /** Of a result from the original, on the other domains. */
  private String elsewhere(Path result, String domain) throws IOException {
    ObjectNode job = JSON.createObjectNode();
    job.put("kind", "evaluation").put("model", folder.relativize(result).toString());
    ObjectNode evaluation = job.putObject("evaluation");
    evaluation.put("reference", "olmoe-demo");
    evaluation.putObject("perplexity").put("path", "not-" + domain + ".txt").put("window", 64);
    evaluation.putObject("divergence").put("windows", 128);
    return words(run(job).result());
  }

  private static String words(JobResult result) {
    Figure mean = result.divergence().mean();
    return "%.5f (%.5f to %.5f)".formatted(mean.value(), mean.low(), mean.high());
  }

  private ObjectNode job(long seed) {
    ObjectNode job = JSON.createObjectNode();
    job.put("model", "olmoe-demo");
    job.putObject("config").putObject("default").put("wq", "int3").put("group_size", 32);
    job.putObject("calibration")
        .put("path", "calibration.jsonl")
        .put("samples", 48)
        .put("sequence_length", 256)
        .put("seed", seed);
    fields.properties().stream()
        .filter(field -> !field.getKey().equals("effective"))
        .forEach(field -> job.set(field.getKey(), field.getValue()));
    return job;
  }

  private record Ran(Path folder, JobResult result) {}

  private Ran run(ObjectNode job) throws IOException {
    Roots models = new Roots(List.of(EXAMPLES.resolve("models"), folder));
    Roots files = new Roots(List.of(folder));
    QuantizationRun run = new QuantizationRun(new JobInputs(new SourceSettings(models, files)));
    TestContext context =
        TestContext.of(JSON.treeToValue(job, JobSpec.class), folder.resolve("run-" + runs++));
    return new Ran(
        context.artifactDirectory(),
        job.has("kind") ? run.run(context) : run.run(context, session));
  }

  private static JsonNode report(Path result) {
    return JSON.readTree(result.resolve("quantization_report.json").toFile());
  }
}
