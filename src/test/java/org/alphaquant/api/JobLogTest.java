package org.alphaquant.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.alphaquant.job.JobResult;
import org.alphaquant.server.ServerSettings;
import org.alphaquant.worker.JobRunner;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;

class JobLogTest {

  private static final Map<String, Object> AT_WORK =
      Map.of("alphaquant.role", "all", "alphaquant.worker.devices", "cpu");

  @Test
  void aJobsLogTellsItsEventsInWordsAndThenWhatItsRunnerWrote() {
    Map<String, String> fields = new ConcurrentHashMap<>();
    JobRunner runner =
        context -> {
          fields.putAll(MDC.getCopyOfContextMap());
          context.event("log", Map.of("level", "warning", "message", "two\nlines"));
          context.event("experts", layer());
          context.event("allocation", allocation());
          Files.writeString(
              context.attemptDirectory().resolve(ServerSettings.RUNNER_LOG), "from libtorch\n");
          return new JobResult(null, null, List.of());
        };
    try (RunningServer server =
        new RunningServer(AT_WORK, beans -> MetricsTest.run(beans, runner))) {
      String id = server.http().postJson("/v1/jobs", "{\"model\": \"m\"}").at("/id");
      await().until(() -> server.http().get("/v1/jobs/" + id).at("/state").equals("SUCCEEDED"));
      String text = server.http().get("/v1/jobs/" + id + "/log").text();
      assertThat(text.lines())
          .anyMatch(line -> line.matches("[0-9-]+T[0-9:.]+Z WARNING attempt=1 two \\| lines"))
          .anyMatch(line -> line.endsWith("INFO    attempt=1 SUCCEEDED"))
          .anyMatch(
              line ->
                  line.endsWith(
                      "layer 3: 1 of 2 experts under-utilized [1]; expert 0 took 90.0 % of the tokens"))
          .anyMatch(
              line ->
                  line.endsWith("4.125 bits a weight, 33 of 34 bytes: a.gate int3, a.down int5"))
          .endsWith("Output of the runner, attempt 1:", "from libtorch");
      assertThat(fields)
          .containsEntry("job_id", id)
          .containsEntry("epoch", "1")
          .containsKey("owner");
    }
  }

  @Test
  void theLogOfAnUnknownJobIsAProblem() {
    try (RunningServer server = new RunningServer()) {
      String path = "/v1/jobs/00000000-0000-0000-0000-000000000000/log";
      assertThat(server.http().get(path).status()).isEqualTo(404);
    }
  }

  private static Map<String, Object> allocation() {
    return Map.of(
        "bits_per_weight",
        4.125,
        "bytes",
        33,
        "budget_bytes",
        34,
        "units",
        List.of(Map.of("unit", "a.gate", "wq", "int3"), Map.of("unit", "a.down", "wq", "int5")));
  }

  private static Map<String, Object> layer() {
    return Map.of(
        "layer",
        3,
        "experts",
        List.of(
            Map.of("expert", 0, "share", 0.9, "under_utilized", false),
            Map.of("expert", 1, "share", 0.1, "under_utilized", true)));
  }
}
