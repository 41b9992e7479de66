package org.alphaquant.quickstart;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32;
import org.alphaquant.client.EventFollower;
import org.alphaquant.client.LiveProgress;
import org.alphaquant.client.ServiceClient;
import org.alphaquant.client.Summary;
import org.alphaquant.client.Terminal;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** One job from its file to the table with its result. */
final class FollowedJob {
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final String LABEL = "quickstart";

  private final ServiceClient client;
  private final ServiceProcess service;
  private final Terminal terminal;
  private final QuickstartOptions options;

  FollowedJob(
      ServiceClient client, ServiceProcess service, Terminal terminal, QuickstartOptions options) {
    this.client = client;
    this.service = service;
    this.terminal = terminal;
    this.options = options;
  }

  /** Where the artifacts lie; nothing if the job did not succeed. */
  Optional<String> run(String body) throws InterruptedException {
    String id = unfinishedOrNew(body).path("id").asString();
    String end;
    try (LiveProgress progress = new LiveProgress(terminal)) {
      end = new EventFollower(client, service::check).follow(id, progress::event);
    }
    JsonNode job = client.read("/v1/jobs/" + id);
    if (end.equals("SUCCEEDED")) {
      String folder = succeeded(id, job);
      compare(body, job);
      return Optional.of(folder);
    }
    terminal.fail(Summary.failure(end, job) + "\nThe service's log is " + options.log());
    return Optional.empty();
  }

  private void compare(String body, JsonNode job) throws InterruptedException {
    List<Baseline> baselines = Baseline.beside(options.job());
    if (baselines.isEmpty() || !ComparisonTable.perplexity(job).isObject()) {
      return;
    }
    ComparisonTable table = new ComparisonTable(job);
    for (Baseline baseline : baselines) {
      terminal.print("\nThe same with " + baseline.name() + " ...");
      String other = baseline.of(body);
      String id = client.post("/v1/jobs", labelled(other, checksum(other))).path("id").asString();
      String end = new EventFollower(client, service::check).follow(id, event -> {});
      if (end.equals("SUCCEEDED")) {
        table.add(baseline.name(), client.read("/v1/jobs/" + id));
      }
    }
    terminal.print("\n" + table.add("routing-weighted GPTQ", job));
  }

  /** A job that an interrupted quickstart left behind is gone on with, not begun again. */
  private JsonNode unfinishedOrNew(String body) throws InterruptedException {
    String label = checksum(body);
    JsonNode unfinished =
        client.read("/v1/jobs?state=QUEUED,RUNNING&label.%s=%s".formatted(LABEL, label));
    if (!unfinished.path("data").isEmpty()) {
      terminal.print("Going on with the job that was interrupted last time");
      return unfinished.path("data").get(0);
    }
    terminal.print("Posting the job in " + options.job());
    return client.post("/v1/jobs", labelled(body, label));
  }

  private String labelled(String body, String label) {
    try {
      if (JSON.readTree(body) instanceof ObjectNode job) {
        job.withObject("/labels").put(LABEL, label);
        return JSON.writeValueAsString(job);
      }
      // Whatever else it is, the service says best what is wrong with it.
      return body;
    } catch (JacksonException malformed) {
      return body;
    }
  }

  private static String checksum(String body) {
    CRC32 checksum = new CRC32();
    checksum.update(body.getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().toHexDigits((int) checksum.getValue());
  }

  private String succeeded(String id, JsonNode job) throws InterruptedException {
    String path = "/v1/jobs/" + id;
    Path work = options.dataDir().resolve("work").resolve(id);
    String folder =
        ArtifactFolder.find(work, job.path("result").path("artifacts"))
            .map(Path::toString)
            .orElse(options.url() + path + "/artifacts");
    terminal.print(Summary.of(client, job, folder, path));
    return folder;
  }
}
