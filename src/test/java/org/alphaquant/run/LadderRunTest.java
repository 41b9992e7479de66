package org.alphaquant.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.job.FetchedSource;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.LadderSize;
import org.alphaquant.job.RunFailure;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.SourceSettings;
import org.alphaquant.prepare.SourceSettings.Roots;
import org.alphaquant.worker.JobContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class LadderRunTest {

  private static final JsonMapper JSON = JsonMapper.shared();
  private static final UUID ID = new UUID(7, 7);

  @TempDir Path folder;

  @Test
  void everySizeIsAResultOfItsOwnMeasuredOnceAgainstTheSameOriginal() throws IOException {
    TestContext context = TestContext.of(ladder("{}", "int8", "int4"), folder.resolve("1"));
    JobResult result = run().run(context);
    assertThat(result.ladder()).extracting(LadderSize::name).containsExactly("int4", "int8");
    assertThat(result.ladder()).extracting(LadderSize::best).containsExactly(true, true);
    assertThat(result.ladder().get(0).divergence().mean().value())
        .isGreaterThan(result.ladder().get(1).divergence().mean().value());
    for (LadderSize size : result.ladder()) {
      try (Checkpoint written = Checkpoint.open(context.artifactDirectory().resolve(size.name()))) {
        assertThat(written.totalBytes()).isEqualTo(size.bytes().after());
      }
      JsonNode report = report(context, size.name());
      assertThat(report.get("seconds").has("evaluate_before")).isFalse();
      assertThat(report.get("seconds").has("quantize/hessian")).isFalse();
      assertThat(report.get("experts").size()).isPositive();
    }
    for (JobResult.Artifact artifact : result.artifacts()) {
      assertThat(context.artifactDirectory().resolve(artifact.name())).hasSize(artifact.bytes());
    }
    assertThat(context.progress.get(context.progress.size() - 1).fraction()).isEqualTo(1.0);
  }

  @Test
  void anInterruptedLadderGoesOnAndGivesTheSameBytes() throws IOException {
    JobSpec spec = ladder("{}", "int8", "int4");
    TestContext whole = TestContext.of(spec, folder.resolve("whole"));
    JobResult expected = run().run(whole);
    TestContext first = new TestContext(spec, folder.resolve("1"), List.of(), 6);
    assertThatThrownBy(() -> run().run(first)).isInstanceOf(TestContext.Stopped.class);
    TestContext second =
        new TestContext(spec, folder.resolve("2"), List.of(folder.resolve("1")), Integer.MAX_VALUE);
    JobResult resumed = run().run(second);
    assertThat(second.layersMade()).isLessThan(whole.layersMade() - 4);
    assertThat(weights(resumed)).isEqualTo(weights(expected)).isNotEmpty();
  }

  @Test
  void sizesThatHaveABudgetChooseTheirFormatsFromTheSameCalibration() throws IOException {
    String sizes =
        "{\"wq\": \"int3\", \"group_size\": 16}, {\"budget\": {\"bits_per_weight\": 5.5, \"tokens\": 64}}, {\"budget\": {\"bits_per_weight\": 6.5, \"sensitivity\": \"estimated\"}}";
    JobSpec spec =
        JSON.readValue(
            """
            {"model": "micro/olmoe", "config": {"default": {"wq": "int4", "group_size": 16}},
             "ladder": [%s],
             "calibration": {"path": "text/calibration.jsonl", "samples": 4, "sequence_length": 32}}
            """
                .formatted(sizes),
            JobSpec.class);
    TestContext context = TestContext.of(spec, folder.resolve("1"));
    JobResult result = run().run(context);
    assertThat(result.ladder())
        .extracting(LadderSize::name)
        .containsExactly("int3-g16", "5.5-bits", "6.5-bits");
    for (String size : List.of("5.5-bits", "6.5-bits")) {
      JsonNode allocation = report(context, size).get("allocation");
      assertThat(allocation.get("bits_per_weight").asDouble())
          .isLessThanOrEqualTo(Double.parseDouble(size.substring(0, 3)));
      assertThat(allocation.get("formats").size()).isGreaterThan(1);
      assertThat(report(context, size).get("seconds").has("quantize/hessian")).isFalse();
    }
  }

  @Test
  void aKeptCalibrationGivesWhatTheLadderGives() throws IOException {
    TestContext ladder = TestContext.of(ladder("{}", "int4"), folder.resolve("ladder"));
    JobResult sizes = run().run(ladder);
    Path kept = kept("\"kind\": \"calibration\", ", "float32");
    JobResult single = run().run(job(kept, "{\"id\": \"%s\"}".formatted(ID), "1"));
    assertThat(hash(single, "model.safetensors")).isEqualTo(hash(sizes, "int4/model.safetensors"));
    // Its text alone, for layers that see quantized ones.
    JobResult sequential =
        run().run(job(kept, "{\"id\": \"%s\", \"sequential\": true}".formatted(ID), "2"));
    assertThat(hash(sequential, "model.safetensors"))
        .isNotEqualTo(hash(single, "model.safetensors"));
  }

  @Test
  void aCalibrationOfAnotherVersionOrWeightIsRefusedByASentence() throws IOException {
    Path kept = kept("\"kind\": \"calibration\", \"gptq\": {\"routing_weight\": 0}, ", "bfloat16");
    String named = "{\"id\": \"%s\"}".formatted(ID);
    assertThatThrownBy(() -> run().run(job(kept, named, "1")))
        .isInstanceOf(RunFailure.class)
        .hasMessageContaining("weights tokens by p^0.0 and gptq.routing_weight is 1.0");
    Path manifest = kept.resolve(KeptFolder.MANIFEST);
    Files.writeString(
        manifest, Files.readString(manifest).replace("\"version\" : 1", "\"version\" : 9"));
    assertThatThrownBy(() -> run().run(job(kept, named, "2")))
        .isInstanceOf(RunFailure.class)
        .hasMessageContaining("has version 9 of its format and this program reads version 1");
    assertThatThrownBy(() -> run().run(TestContext.of(named(named), folder.resolve("3"))))
        .isInstanceOf(RunFailure.class)
        .hasMessageContaining("no longer exists");
  }

  private Path kept(String fields, String hessians) throws IOException {
    TestContext context =
        TestContext.of(
            JSON.readValue(
                """
                {%s"model": "micro/olmoe",
                 "config": {"default": {"wq": "int4", "group_size": 16}},
                 "calibration": {"path": "text/calibration.jsonl", "samples": 4,
                                 "sequence_length": 32, "hessians": "%s"},
                 "evaluation": {"perplexity": {"path": "text/short.txt", "window": 32}}}
                """
                    .formatted(fields, hessians),
                JobSpec.class),
            folder.resolve("kept"));
    run().run(context);
    return context.artifactDirectory();
  }

  private JobSpec named(String calibration) {
    return JSON.readValue(
        """
        {"model": "micro/olmoe", "config": {"default": {"wq": "int4", "group_size": 16}},
         "calibration": %s,
         "evaluation": {"perplexity": {"path": "text/short.txt", "window": 32}}}
        """
            .formatted(calibration),
        JobSpec.class);
  }

  private JobContext job(Path kept, String calibration, String attempt) {
    return TrialContext.of(
        TestContext.of(named(calibration), folder.resolve(attempt)),
        named(calibration),
        "job",
        Map.of(
            FetchedSource.ofCalibration(ID),
            new FetchedSource(kept.toString(), "here", null, null)),
        0,
        1);
  }

  private static JobSpec ladder(String calibration, String... formats) {
    String sizes =
        String.join(
            ", ",
            List.of(formats).stream()
                .map(
                    it ->
                        "{\"name\": \"%s\", \"wq\": \"%s\", \"group_size\": 16}".formatted(it, it))
                .toList());
    JsonNode given = JSON.readTree(calibration);
    return JSON.readValue(
        """
        {"model": "micro/olmoe", "ladder": [%s],
         "calibration": {"path": "text/calibration.jsonl", "samples": 4, "sequence_length": 32%s},
         "evaluation": {"perplexity": {"path": "text/short.txt", "window": 32}}}
        """
            .formatted(sizes, given.isEmpty() ? "" : ", \"sequential\": true"),
        JobSpec.class);
  }

  private static JsonNode report(TestContext context, String size) {
    return JSON.readTree(
        context.artifactDirectory().resolve(size).resolve("quantization_report.json").toFile());
  }

  private static List<String> weights(JobResult result) {
    return result.artifacts().stream()
        .filter(it -> it.name().endsWith(".safetensors"))
        .map(JobResult.Artifact::sha256)
        .toList();
  }

  private static String hash(JobResult result, String name) {
    return result.artifacts().stream()
        .filter(it -> it.name().equals(name))
        .findFirst()
        .orElseThrow()
        .sha256();
  }

  private static QuantizationRun run() {
    return new QuantizationRun(
        new JobInputs(
            new SourceSettings(
                new Roots(List.of(Path.of("src/test/resources"))),
                new Roots(List.of(Path.of("examples"), Path.of("src/test/resources"))))));
  }
}
