package org.alphaquant.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.alphaquant.client.ClientException;
import org.alphaquant.client.Commands;
import org.alphaquant.client.Terminal;
import org.alphaquant.job.JobError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The terminal client's commands against the running service. */
class ClientCommandsTest {
  private static final String EXPERTS =
      """
      {"data": [{"layer": 0, "tokens": 64, "top_k": 1, "entropy": 0.8,
        "experts": [{"expert": 0, "tokens": 60, "share": 0.9375, "under_utilized": false},
                    {"expert": 1, "tokens": 4, "share": 0.0625, "under_utilized": true}]}]}
      """;

  @TempDir private Path folder;
  private final RunningServer server = RunningServer.shared();
  private final TestWorker worker = new TestWorker(server);
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  @Test
  void aJobIsSubmittedFromOptionsAndListedByItsLabel() {
    String id = output("submit", "--model=m", "--preset=fp8", "--label=team=a b");

    JsonNode job = server.http().get("/v1/jobs/" + id).json();
    assertThat(job.at("/spec/config/default/wq").asString()).isEqualTo("fp8");
    assertThat(output("list", "--label", "team=a b", "--state=queued"))
        .contains(id, "queued")
        .hasLineCount(2);
    assertThat(output("list", "--label=team=nobody")).isEqualTo("No jobs.");
  }

  @Test
  void aJobIsSubmittedFromAFileWhoseModelAnOptionReplaces() throws IOException {
    Path file = folder.resolve("job.json");
    Files.writeString(file, "{\"model\": \"refused\", \"priority\": 3}");

    String id = output("submit", file.toString(), "--model=m");

    assertThat(server.http().get("/v1/jobs/" + id).json().at("/priority").asInt()).isEqualTo(3);
    assertThat(status("submit", file.toString())).isEqualTo(ClientException.FAILED);
    assertThat(text()).contains("/config/default/wq");
  }

  @Test
  void aPlanSaysHowManyModulesEachSchemeHas() throws IOException {
    Path file = folder.resolve("job.json");
    Files.writeString(
        file, "{\"model\": \"olmoe-demo\", \"config\": {\"default\": {\"group_size\": 32}}}");
    String models = Path.of("examples/models").toAbsolutePath().toString();
    Map<String, Object> away =
        Map.of(
            "alphaquant.models.roots", models,
            "alphaquant.hub.allowed", "away/*",
            "alphaquant.hub.endpoint", "http://127.0.0.1:1",
            "alphaquant.hub.attempts", "1");
    try (RunningServer planning = new RunningServer(away)) {
      assertThat(statusAt(planning.http().base(), "plan", file.toString())).isZero();
      assertThat(text())
          .contains("olmoe-demo (olmoe) as compressed-tensors", "4.515 bits per weight")
          .containsPattern("int4 +bf16 +32 +208 +1835008")
          .containsPattern("note: .*okenizer");
      assertThat(statusAt(planning.http().base(), "plan", "--model=away/model")).isZero();
      assertThat(text())
          .startsWith("away/model\nnote: The model could not be looked at")
          .doesNotContain(" -> ");
    }
  }

  @Test
  void watchingAJobEndsAsTheJobDoes() {
    String good = output("submit", "--model=m");
    String bad = output("submit", "--model=m");
    CompletableFuture<Integer> watched = CompletableFuture.supplyAsync(() -> status("watch", good));
    worker.succeed(good, Map.of("experts.json", EXPERTS));
    assertThat(watched.join()).isZero();
    assertThat(text()).contains("perplexity", "5.6600", "5.6900", "layer 0 expert 1");

    worker.claim(bad);
    worker.fail(bad, new JobError("unusable-input", JobError.Kind.USER, "no text", null));
    assertThat(status("watch", bad)).isEqualTo(ClientException.FAILED);
    assertThat(text()).endsWith("the job failed: no text");
  }

  @Test
  void aJobWithoutExpertsIsWatchedToItsTableToo() {
    String id = output("submit", "--model=m");
    worker.succeed(id);
    assertThat(output("watch", id))
        .contains("The job succeeded after 0:00", "perplexity", "5.6900")
        .doesNotContain("experts");
  }

  @Test
  void aJobIsCancelledAndQueuedAgain() {
    String id = output("submit", "--model=m");

    assertThat(output("cancel", id, "--reason=a mistake")).isEqualTo("Cancelled.");
    assertThat(status("watch", id)).isEqualTo(ClientException.FAILED);
    assertThat(text()).endsWith("the job was cancelled");
    assertThat(JsonMapper.shared().readTree(output("retry", id, "--json")).at("/state").asString())
        .isEqualTo("QUEUED");
  }

  @Test
  void aResultIsLookedAtDownloadedAndCompared() {
    String one = output("submit", "--model=m");
    String two = output("submit", "--model=m");
    worker.succeed(one, Map.of("experts.json", EXPERTS, "deep/model.safetensors", "weights"));
    worker.succeed(two);

    assertThat(output("experts", one)).contains("layer   0  █×", "expert 1, 4 tokens (6.25 %)");
    assertThat(output("download", one, "--to", folder.toString())).startsWith("2 files in ");
    assertThat(folder.resolve("deep/model.safetensors")).hasContent("weights");
    assertThat(output("compare", one, two)).contains(one, two, "5.6900", "+0.53 %");
  }

  @Test
  void everyCommandPrintsTheServicesAnswerAsJson() {
    String id =
        JsonMapper.shared().readTree(output("submit", "-m=m", "--json")).at("/id").asString();

    assertThat(JsonMapper.shared().readTree(output("list", "--json")).has("data")).isTrue();
    assertThat(JsonMapper.shared().readTree(output("cancel", id, "--json")).at("/id").asString())
        .isEqualTo(id);
  }

  private String output(String... arguments) {
    assertThat(status(arguments)).as(() -> text()).isZero();
    return text();
  }

  private int status(String... arguments) {
    return statusAt(server.http().base(), arguments);
  }

  private int statusAt(String url, String... arguments) {
    out.reset();
    List<String> all = new ArrayList<>(Arrays.asList(arguments));
    all.add(1, "--url=" + url);
    PrintStream stream = new PrintStream(out, true, StandardCharsets.UTF_8);
    Root root = new Root(new Terminal("alphaquant", stream, stream, 0));
    CommandLine line = new CommandLine(root);
    Commands.all().forEach(line::addSubcommand);
    return line.setOut(new PrintWriter(stream, true, StandardCharsets.UTF_8))
        .setExecutionExceptionHandler(
            (failure, command, parsed) -> {
              root.terminal().fail(failure.getMessage());
              return ((ClientException) failure).status();
            })
        .execute(all.toArray(String[]::new));
  }

  private String text() {
    return out.toString(StandardCharsets.UTF_8).strip();
  }

  @Command(name = "alphaquant")
  private record Root(Terminal terminal) implements Commands {}
}
