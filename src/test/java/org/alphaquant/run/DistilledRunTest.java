package org.alphaquant.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.job.JobProgress;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.prepare.DistillPlan;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.JobPreparation;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.prepare.SourceSettings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

class DistilledRunTest {

  private static final String SPEC =
      """
      {"model": "micro/olmoe", "config": {"default": {"wq": "int3", "group_size": 32}},
       "distill": {"samples": 6, "sequences": 70, "epochs": 1, "batch": 8, "latent_rate": 0.01, "norm_rate": 0.01, "seed": 5},
       "calibration": {"path": "text/short.txt", "samples": 4, "sequence_length": 24}}
      """;

  @TempDir private Path folder;

  @Test
  void trainingChangesCodesAndNormsAndNothingOfTheLayout() throws IOException {
    TestContext context = TestContext.of(spec(), folder.resolve("1"));
    JobResult result = run().run(context);
    assertThat(result.bitsPerWeight()).isBetween(3.4, 3.6);
    assertThat(phases(context)).containsSubsequence("quantize", "sample", "distill", "write");
    assertThat(context.warnings).anyMatch(it -> it.contains("distill_kl"));
    try (Checkpoint source = Checkpoint.open(Path.of("src/test/resources/micro/olmoe"));
        Checkpoint written = Checkpoint.open(context.artifactDirectory())) {
      String norm = "model.layers.0.input_layernorm.weight";
      String router = "model.layers.0.mlp.gate.weight";
      assertThat(written.bytes(norm)).isNotEqualTo(source.bytes(norm));
      assertThat(written.info(norm)).isEqualTo(source.info(norm));
      assertThat(written.bytes(router)).isEqualTo(source.bytes(router));
    }
  }

  /** The run compares what its file gives back with what was trained. */
  @ParameterizedTest
  @CsvSource({
    "models/olmoe-wide, '\"wq\": \"q4_k\"'",
    "models/olmoe-wide, '\"wq\": \"q6_k\"'",
    "micro/olmoe, '\"wq\": \"int5\", \"group_size\": 32, \"symmetric\": false'"
  })
  void typesOfGgufAreTrainedWithTheirMultiplesAndMinima(String model, String scheme)
      throws IOException {
    String body =
        SPEC.replace("micro/olmoe", model)
            .replace("\"wq\": \"int3\", \"group_size\": 32", scheme)
            .replace("\"sequences\": 70", "\"sequences\": 0")
            .replace("\"calibration\":", "\"output\": {\"format\": \"gguf\"}, \"calibration\":");
    TestContext context =
        TestContext.of(JsonMapper.shared().readValue(body, JobSpec.class), folder);
    run().run(context);
    assertThat(phases(context)).containsSubsequence("quantize", "distill", "write");
    assertThat(context.artifactDirectory().resolve("model.gguf")).exists();
  }

  /** A rotation leaves every norm at one: arrays that are equal must not pass for one array. */
  @Test
  void normsThatBeginAlikeAreTrainedByTheirOwnGradients() throws IOException {
    String body =
        SPEC.replace("\"sequences\": 70", "\"sequences\": 0")
            .replace("\"distill\":", "\"rotation\": {\"values\": false}, \"distill\":");
    TestContext context =
        TestContext.of(JsonMapper.shared().readValue(body, JobSpec.class), folder);
    run().run(context);
    try (Checkpoint written = Checkpoint.open(context.artifactDirectory())) {
      assertThat(written.bytes("model.layers.0.input_layernorm.weight"))
          .isNotEqualTo(written.bytes("model.layers.0.post_attention_layernorm.weight"))
          .isNotEqualTo(written.bytes("model.layers.1.input_layernorm.weight"));
    }
  }

  /** Stopped after the text was written, then again where the training's state had been kept. */
  @Test
  void anAttemptGoesOnWithTheTextAndTheStateOfTheOneBefore() throws IOException {
    TestContext whole = TestContext.of(spec(), folder.resolve("whole"));
    run().run(whole);
    TestContext first = new TestContext(spec(), folder.resolve("1"), List.of(), 4);
    assertThatThrownBy(() -> run().run(first)).isInstanceOf(TestContext.Stopped.class);
    assertThat(folder.resolve("1/sampled-000000.safetensors")).exists();
    TestContext second =
        new TestContext(spec(), folder.resolve("2"), List.of(folder.resolve("1")), 2);
    assertThatThrownBy(() -> run().run(second)).isInstanceOf(TestContext.Stopped.class);
    assertThat(folder.resolve("2/distill-state.safetensors")).exists();
    TestContext third =
        new TestContext(
            spec(),
            folder.resolve("3"),
            List.of(folder.resolve("2"), folder.resolve("1")),
            Integer.MAX_VALUE);
    run().run(third);
    assertThat(phases(third)).doesNotContain("sample", "distill");
    assertThat(weights(third)).isEqualTo(weights(whole));
  }

  /** Memory for one layer at a time, and an attempt that ends between two windows. */
  @Test
  void whatDoesNotFitIsTrainedInWindowsThatALaterAttemptGoesOnWith() throws IOException {
    String measured =
        "\"evaluation\": {\"perplexity\": {\"path\": \"text/short.txt\", \"window\": 16}},";
    String few =
        SPEC.replace("\"sequences\": 70", "\"sequences\": 10")
            .replace("\"distill\":", measured + " \"distill\":");
    JobSpec ample = JsonMapper.shared().readValue(few, JobSpec.class);
    PreparedJob job = new JobPreparation(inputs()).open(ample);
    long oneLayer = new DistillPlan(job, ample).memory().deviceBytes(1);
    String memory = "\"resources\": {\"memory_bytes\": %d}, \"calibration\"".formatted(oneLayer);
    JobSpec little =
        JsonMapper.shared().readValue(few.replace("\"calibration\"", memory), JobSpec.class);
    TestContext whole = TestContext.of(little, folder.resolve("whole"));
    run().run(whole);
    assertThat(folder.resolve("whole/distill-window")).hasContent("1");
    assertThat(whole.warnings)
        .anyMatch(it -> it.contains("distill_stream_error"))
        .anyMatch(it -> it.contains("distill_kl"));
    assertThat(whole.artifactDirectory().resolve("README.md"))
        .content()
        .contains("'text/short.txt' took part in the calibration or the training");
    TestContext first = new TestContext(little, folder.resolve("1"), List.of(), 5);
    assertThatThrownBy(() -> run().run(first)).isInstanceOf(TestContext.Stopped.class);
    assertThat(folder.resolve("1/distill-state-00000.safetensors")).exists();
    assertThat(folder.resolve("1/distill-state-00001.safetensors")).doesNotExist();
    TestContext second =
        new TestContext(
            little, folder.resolve("2"), List.of(folder.resolve("1")), Integer.MAX_VALUE);
    run().run(second);
    assertThat(weights(second)).isEqualTo(weights(whole));
  }

  private static List<String> phases(TestContext context) {
    return context.progress.stream().map(JobProgress::phase).distinct().toList();
  }

  private static List<String> weights(TestContext context) {
    try (Stream<Path> files = Files.list(context.artifactDirectory())) {
      return files
          .filter(file -> file.toString().endsWith(".safetensors"))
          .sorted()
          .map(DistilledRunTest::hash)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String hash(Path file) {
    return org.alphaquant.checkpoint.WrittenFile.of(file).sha256();
  }

  private static QuantizationRun run() {
    return new QuantizationRun(inputs());
  }

  private static JobInputs inputs() {
    SourceSettings.Roots roots = new SourceSettings.Roots(List.of(Path.of("src/test/resources")));
    return new JobInputs(new SourceSettings(roots, roots));
  }

  private static JobSpec spec() {
    return JsonMapper.shared().readValue(SPEC, JobSpec.class);
  }
}
