package org.alphaquant.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.alphaquant.job.JobProgress;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.SourceSettings;
import org.alphaquant.worker.JobContext;
import tools.jackson.databind.json.JsonMapper;

/** One attempt of an int8 job on the CPU, without a worker. */
record TestRun(JobSpec spec, Path attemptDirectory) implements JobContext {

  // How many tokens the windows of the perplexity have.
  private static final int WINDOW = Integer.getInteger("alphaquant.families.window", 64);

  private static final JsonMapper JSON = JsonMapper.builder().build();

  /**
   * Runs a job to its end.
   *
   * @param model the source's folder
   * @param attempt where the attempt writes; the result is its {@code artifacts}
   * @param output what stands in the job's {@code output}
   */
  static JobResult of(Path model, Path attempt, String output) throws IOException {
    Files.createDirectories(attempt.resolve("artifacts"));
    Files.writeString(
        attempt.resolve("text.txt"),
        "The quick brown fox jumps. ".repeat(Math.max(200, WINDOW / 4)));
    String spec =
        """
        {"model": "%s", "config": {"default": {"wq": "int8", "group_size": 16}},
         "gptq": {"scale_search": false, "sweeps": 0}, "output": {%s},
         "calibration": {"path": "text.txt", "samples": 4, "sequence_length": 64},
         "evaluation": {"perplexity": {"path": "text.txt", "window": %d}}}
        """
            .formatted(model.getFileName(), output, WINDOW);
    // Bundled models share tokenizers by links.
    Path tokenizers = model.resolve("tokenizer.json").toRealPath().getParent();
    SourceSettings settings =
        new SourceSettings(
            new SourceSettings.Roots(List.of(model.getParent(), tokenizers)),
            new SourceSettings.Roots(List.of(attempt)));
    return new QuantizationRun(new JobInputs(settings))
        .run(new TestRun(JSON.readValue(spec, JobSpec.class), attempt));
  }

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
