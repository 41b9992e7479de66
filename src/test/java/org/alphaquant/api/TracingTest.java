package org.alphaquant.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.observation.ObservationRegistry;
import io.micrometer.tracing.Tracer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.alphaquant.api.TraceCollector.Span;
import org.junit.jupiter.api.Test;

/** Traces of requests and jobs, which run in processes of their own, at a double of a collector. */
class TracingTest {

  private static final String JOB =
      """
      {"model": "olmoe", "config": {"default": {"group_size": 32}},
       "calibration": {"samples": 2, "sequence_length": 32}}
      """;

  private static RunningServer server(Map<String, Object> more) {
    Map<String, Object> properties =
        new HashMap<>(
            Map.of(
                "alphaquant.role",
                "all",
                "alphaquant.runner.mode",
                "process",
                "alphaquant.worker.devices",
                "cpu",
                "alphaquant.worker.poll-every",
                "200ms",
                "alphaquant.models.roots",
                Path.of("src/test/resources/micro").toAbsolutePath().toString()));
    properties.putAll(more);
    return new RunningServer(properties);
  }

  @Test
  void aJobsRunIsOneTraceWithTheRequestThatPostedIt() throws IOException {
    try (TraceCollector collector = new TraceCollector();
        RunningServer server =
            server(
                Map.of(
                    "alphaquant.tracing.endpoint",
                    collector.endpoint(),
                    "alphaquant.tracing.headers.x-collector-key",
                    "secret",
                    "management.opentelemetry.tracing.export.schedule-delay",
                    "100ms"))) {
      String caller = "0af7651916cd43dd8448eb211c80319c";
      String id =
          server
              .http()
              .postJson("/v1/jobs", JOB, "traceparent", "00-" + caller + "-b7ad6b7169203331-01")
              .at("/id");
      server.http().unchecked("/livez");
      await()
          .untilAsserted(
              () ->
                  assertThat(collector.spans())
                      .filteredOn(it -> it.name().equals("job run"))
                      .hasSize(1));
      List<Span> spans = collector.spans();
      Span request = named(spans, "http post /v1/jobs");
      Span run = named(spans, "job run");
      assertThat(request.trace()).isEqualTo(caller);
      assertThat(request.parent()).isEqualTo("b7ad6b7169203331");
      assertThat(run.trace()).isEqualTo(caller);
      assertThat(run.parent()).isEqualTo(request.id());
      assertThat(run.attributes())
          .containsEntry("job.id", id)
          .containsEntry("outcome", "succeeded")
          .containsEntry("job.attempt", "1");
      assertThat(spans.stream().filter(it -> it.parent().equals(run.id())).map(Span::name))
          .contains("prepare", "quantize", "write");
      assertThat(spans).noneMatch(it -> it.attributes().getOrDefault("uri", "").equals("/livez"));
      assertThat(spans.stream().map(Span::name)).noneMatch(it -> it.contains("security"));
      assertThat(collector.keys()).isNotEmpty().containsOnly("secret");
      assertThat(server.management().unchecked("/actuator/prometheus").text())
          .doesNotContain("alphaquant_job_run");
    }
  }

  private static Span named(List<Span> spans, String name) {
    return spans.stream()
        .filter(it -> it.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new AssertionError(name + " is none of " + spans));
  }

  @Test
  void nothingIsTracedUnlessTheOperatorNamesACollector() {
    Tracer tracer = RunningServer.shared().get(Tracer.class);
    assertThat(tracer).isSameAs(Tracer.NOOP);
    assertThat(RunningServer.shared().get(ObservationRegistry.class)).isNotNull();
  }
}
