package org.alphaquant.mcp;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.StreamSupport;
import org.alphaquant.client.ClientException;
import org.alphaquant.client.ServiceClient;
import org.alphaquant.request.ClientPresence;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The requests that tools make of the REST API. */
final class ToolRequests {
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final Set<String> ENDED = Set.of("SUCCEEDED", "FAILED", "CANCELLED");
  private static final List<String> SHOWN =
      List.of(
          "id",
          "kind",
          "recipe",
          "model",
          "state",
          "progress",
          "error",
          "result",
          "labels",
          "created_at");
  private static final Set<String> REPORTS =
      Set.of("quantization_report.json", "evaluation_report.json", "repack_report.json");
  private static final List<String> LONG = List.of("linears", "experts", "left_out");
  private static final int DEFAULT_WAIT_SECONDS = 20;
  private static final int DEFAULT_LIMIT = 20;
  private static final Duration BETWEEN = Duration.ofMillis(500);

  private final ServiceClient client;

  ToolRequests(ServiceClient client) {
    this.client = client;
  }

  JsonNode inspect(Map<String, Object> arguments) throws InterruptedException {
    return client.post("/v1/models:inspect", JSON.writeValueAsString(arguments));
  }

  JsonNode plan(Map<String, Object> arguments) throws InterruptedException {
    return client.post("/v1/plans", JSON.writeValueAsString(arguments.get("job")));
  }

  JsonNode submit(Map<String, Object> arguments) throws InterruptedException {
    String body = JSON.writeValueAsString(arguments.get("job"));
    Object key = arguments.get("idempotency_key");
    return shown(
        key == null
            ? client.post("/v1/jobs", body)
            : client.post("/v1/jobs", body, Map.of("Idempotency-Key", key.toString())));
  }

  /** Polls until the job has ended or the time is up, because a tool call has one answer. */
  JsonNode watch(Map<String, Object> arguments) throws InterruptedException {
    int seconds =
        arguments.get("seconds") instanceof Number number
            ? number.intValue()
            : DEFAULT_WAIT_SECONDS;
    long until = System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
    JsonNode job = job(arguments.get("id"));
    while (!ENDED.contains(job.path("state").asString("")) && System.nanoTime() < until) {
      Thread.sleep(BETWEEN.toMillis());
      ClientPresence.require();
      job = job(arguments.get("id"));
    }
    return shown(job);
  }

  /** The answer without its lists of modules and experts, which the artifacts have. */
  JsonNode report(Map<String, Object> arguments) throws InterruptedException {
    String artifacts = path(arguments.get("id")) + "/artifacts";
    Object size = arguments.get("size");
    String folder = size == null ? "" : size + "/";
    String name =
        client
            .read(artifacts)
            .path("data")
            .valueStream()
            .map(file -> file.path("name").asString(""))
            .filter(
                file ->
                    file.startsWith(folder) && REPORTS.contains(file.substring(folder.length())))
            .findFirst()
            .orElseThrow(
                () ->
                    new ClientException(
                        "the job has no report%s; of a ladder, name a size"
                            .formatted(size == null ? "" : " of " + size)));
    ObjectNode report =
        (ObjectNode) client.read(artifacts + "/" + ServiceClient.encoded(name).replace("%2F", "/"));
    LONG.forEach(report::remove);
    return report;
  }

  JsonNode list(Map<String, Object> arguments) throws InterruptedException {
    StringBuilder query = new StringBuilder("/v1/jobs?limit=");
    query.append(arguments.getOrDefault("limit", DEFAULT_LIMIT));
    if (arguments.get("state") != null) {
      query.append("&state=").append(arguments.get("state"));
    }
    ArrayNode jobs = JSON.createArrayNode();
    client.read(query.toString()).path("data").forEach(job -> jobs.add(shown(job)));
    return jobs;
  }

  JsonNode experts(Map<String, Object> arguments) throws InterruptedException {
    Object layer = arguments.get("layer");
    String query = layer == null ? "" : "?layer=" + layer;
    return client.read(path(arguments.get("id")) + "/experts" + query);
  }

  JsonNode compare(Map<String, Object> arguments) throws InterruptedException {
    ArrayNode jobs = JSON.createArrayNode();
    for (Object id : (List<?>) arguments.get("ids")) {
      jobs.add(shown(job(id)));
    }
    ArrayNode sorted = JSON.createArrayNode();
    StreamSupport.stream(jobs.spliterator(), false)
        .sorted(Comparator.comparingLong(ToolRequests::bytesAfter))
        .forEach(sorted::add);
    return sorted;
  }

  JsonNode cancel(Map<String, Object> arguments) throws InterruptedException {
    return shown(client.post(path(arguments.get("id")) + "/cancel"));
  }

  private JsonNode job(Object id) throws InterruptedException {
    return client.read(path(id));
  }

  private static String path(Object id) {
    return "/v1/jobs/" + ServiceClient.encoded(String.valueOf(id));
  }

  private static long bytesAfter(JsonNode job) {
    return job.path("result").path("bytes").path("after").asLong(Long.MAX_VALUE);
  }

  /** Without the specification, which the caller posted and which can be long. */
  private static ObjectNode shown(JsonNode job) {
    ObjectNode shown = JSON.createObjectNode();
    SHOWN.stream()
        .filter(name -> !job.path(name).isMissingNode())
        .forEach(name -> shown.set(name, job.get(name)));
    return shown;
  }
}
