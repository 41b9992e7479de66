package org.alphaquant.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.job.JobProgress;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.model.ModelFamilies;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.SourceSettings;
import org.alphaquant.worker.JobContext;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.json.JsonMapper;

/** A whole run, from source folder to result folder, for every family. */
class EveryFamilyQuantizesTest {

  private static final Path FIXTURES = Path.of("src/test/resources/micro");
  private static final Path VARIANTS = Path.of("src/test/resources/variants");
  private static final List<String> VARIANTS_WITH_TOKENIZER = List.of("gpt_oss", "gpt_oss_mxfp4");
  private static final JsonMapper JSON = JsonMapper.builder().build();

  @TempDir private Path folder;

  static List<Path> fixtures() throws IOException {
    try (Stream<Path> folders = Files.list(FIXTURES)) {
      Stream<Path> variants = VARIANTS_WITH_TOKENIZER.stream().map(VARIANTS::resolve);
      return Stream.concat(folders.sorted(), variants).toList();
    }
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void everyLinearButRoutersAndHeadIsPackedAndPerplexityHardlyMoves(Path fixture)
      throws IOException {
    Files.writeString(folder.resolve("text.txt"), "The quick brown fox jumps. ".repeat(200));
    JobResult result = run(fixture);
    assertThat(Math.log(result.perplexity().after() / result.perplexity().before()))
        .as("log ratio of perplexities of %s", fixture)
        .isBetween(-0.1, 0.1);
    try (Checkpoint source = Checkpoint.open(fixture);
        Checkpoint written = Checkpoint.open(folder.resolve("artifacts"))) {
      ModelDescription description = ModelFamilies.describe(source, null);
      for (ModuleDescription linear : description.linears()) {
        assertThat(written.has(linear.name() + ".weight_packed"))
            .as("%s is packed", linear.name())
            .isEqualTo(isQuantized(linear.kind()));
      }
      assertThat(plainNames(source, description))
          .filteredOn(name -> !written.has(name))
          .allMatch(name -> written.has(name + "_packed"));
    }
  }

  private static List<String> plainNames(Checkpoint source, ModelDescription description) {
    return ModelFamilies.plainTensors(source, description).stream()
        .map(tensor -> tensor.info().name())
        .toList();
  }

  private static boolean isQuantized(ModuleKind kind) {
    return !kind.isProtected();
  }

  private JobResult run(Path fixture) throws IOException {
    String spec =
        """
        {"model": "%s", "config": {"default": {"wq": "int8", "group_size": 16}},
         "gptq": {"scale_search": false, "sweeps": 0},
         "calibration": {"path": "text.txt", "samples": 4, "sequence_length": 64},
         "evaluation": {"perplexity": {"path": "text.txt", "window": 64}}}
        """
            .formatted(fixture.getFileName());
    SourceSettings settings =
        new SourceSettings(
            new SourceSettings.Roots(List.of(FIXTURES, VARIANTS)),
            new SourceSettings.Roots(List.of(folder)));
    Files.createDirectories(folder.resolve("artifacts"));
    return new QuantizationRun(new JobInputs(settings))
        .run(new Attempt(JSON.readValue(spec, JobSpec.class), folder));
  }

  private record Attempt(JobSpec spec, Path attemptDirectory) implements JobContext {

    @Override
    public UUID jobId() {
      return new UUID(0, 1);
    }

    @Override
    public long leaseEpoch() {
      return 1;
    }

    @Override
    public List<String> devices() {
      return List.of("cpu");
    }

    @Override
    public int earlierResourceFailures() {
      return 0;
    }

    @Override
    public Path artifactDirectory() {
      return attemptDirectory.resolve("artifacts");
    }

    @Override
    public List<Path> earlierAttempts() {
      return List.of();
    }

    @Override
    public void ensureHeld() {}

    @Override
    public void betweenLayers() {}

    @Override
    public void ensureNotDraining() {}

    @Override
    public void progress(JobProgress progress) {}

    @Override
    public void event(String type, Object data) {}
  }
}
