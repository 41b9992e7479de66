package org.alphaquant.run;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.alphaquant.checkpoint.AtomicFile;
import org.alphaquant.job.CalibrationRequest;
import org.alphaquant.job.FetchedSource;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.LadderSize;
import org.alphaquant.job.LadderStep;
import org.alphaquant.worker.JobContext;
import tools.jackson.databind.json.JsonMapper;

/**
 * Produces several sizes of one model from one calibration. The calibration and each size are whole
 * runs in their own folders, so that a later attempt keeps the finished ones and resumes the
 * interrupted one.
 */
final class LadderRun {

  private static final String FILE = "ladder.json";
  private static final String FINISHED = "finished.json";
  private static final String CALIBRATION = "calibration";

  // A pass over the text with all Hessians against a solve and an evaluation.
  private static final double CALIBRATION_SHARE = 0.3;

  private static final JsonMapper JSON = JsonMapper.shared();

  private final JobContext context;
  private final QuantizationRun runner;
  private final RunSession session;
  private final JobSpec spec;
  private final boolean sequential;
  private final Map<String, FetchedSource> sources = new HashMap<>();

  /** The record of a finished size beside its files. */
  private record Finished(JobResult result, double seconds) {}

  /**
   * @param runner makes single results
   */
  LadderRun(JobContext context, QuantizationRun runner, RunSession session) {
    this.context = context;
    this.runner = runner;
    this.session = session;
    this.spec = context.spec();
    this.sequential = spec.calibration().sequential();
  }

  JobResult run() throws IOException {
    CalibrationRequest calibration = calibration();
    double begun = isMadeHere() ? CALIBRATION_SHARE : 0;
    int count = spec.ladder().size();
    List<LadderSize> sizes = new ArrayList<>();
    List<JobResult.Artifact> artifacts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      LadderStep step = spec.ladder().get(i);
      TrialContext trial =
          TrialContext.of(
              context,
              spec.step(step, calibration),
              "ladder/" + step.name(),
              sources,
              begun + (1 - begun) * i / count,
              begun + (1 - begun) * (i + 1) / count);
      Finished finished = finished(trial);
      move(trial, step.name());
      finished.result().artifacts().stream()
          .map(it -> below(step.name(), it))
          .forEach(artifacts::add);
      sizes.add(LadderSize.of(step.name(), finished.result(), sequential, finished.seconds()));
      context.event("ladder", Map.of("sizes", LadderSize.ranked(sizes), "of", count));
    }
    List<LadderSize> ranked = LadderSize.ranked(sizes);
    artifacts.add(0, written(ranked));
    return JobResult.ofLadder(ranked, artifacts);
  }

  private boolean isMadeHere() {
    return spec.calibration().id() == null && !sequential;
  }

  // Sequential sizes are calibrated one by one.
  private CalibrationRequest calibration() throws IOException {
    if (!isMadeHere()) {
      return spec.calibration();
    }
    TrialContext trial =
        TrialContext.of(
            context, spec.calibrationOfLadder(), CALIBRATION, Map.of(), 0, CALIBRATION_SHARE);
    finished(trial);
    sources.put(
        FetchedSource.ofCalibration(context.jobId()),
        new FetchedSource(trial.artifactDirectory().toString(), "this job", null, null));
    return CalibrationRequest.kept(context.jobId());
  }

  private Finished finished(TrialContext trial) throws IOException {
    Optional<Finished> earlier = adopted(trial);
    if (earlier.isPresent()) {
      return earlier.get();
    }
    long start = System.nanoTime();
    JobResult result = runner.run(trial, session);
    Finished finished = new Finished(result, (System.nanoTime() - start) / 1e9);
    byte[] json = JSON.writeValueAsBytes(finished);
    AtomicFile.write(
        trial.attemptDirectory().resolve(FINISHED), file -> file.write(ByteBuffer.wrap(json)));
    return finished;
  }

  // Sizes that an earlier attempt has finished with the same specification are linked, not
  // repeated.
  private Optional<Finished> adopted(TrialContext trial) throws IOException {
    for (Path folder : trial.earlierAttempts()) {
      Path file = folder.resolve(FINISHED);
      if (Files.exists(file)) {
        Finished finished = JSON.readValue(file.toFile(), Finished.class);
        Path from = trial.artifacts(folder);
        if (isWhole(from, finished.result())) {
          link(from, trial.artifactDirectory());
          LayerFiles.take(file, trial.attemptDirectory().resolve(FINISHED));
          return Optional.of(finished);
        }
      }
    }
    return Optional.empty();
  }

  private static boolean isWhole(Path folder, JobResult result) throws IOException {
    for (JobResult.Artifact artifact : result.artifacts()) {
      Path file = folder.resolve(artifact.name());
      if (!Files.isRegularFile(file) || Files.size(file) != artifact.bytes()) {
        return false;
      }
    }
    return true;
  }

  // Linked, so that the trial's own folder stays whole for a later attempt.
  private void move(TrialContext trial, String name) throws IOException {
    link(trial.artifactDirectory(), context.artifactDirectory().resolve(name));
  }

  private static void link(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path target = to.resolve(from.relativize(file).toString());
        Files.createDirectories(target.getParent());
        Files.deleteIfExists(target);
        LayerFiles.take(file, target);
      }
    }
  }

  private static JobResult.Artifact below(String folder, JobResult.Artifact artifact) {
    return new JobResult.Artifact(
        folder + "/" + artifact.name(), artifact.bytes(), artifact.sha256());
  }

  private JobResult.Artifact written(List<LadderSize> sizes) throws IOException {
    Path file = context.artifactDirectory().resolve(FILE);
    Files.writeString(
        file,
        JSON.writerWithDefaultPrettyPrinter()
                .writeValueAsString(
                    Map.of(
                        "calibration",
                        sequential
                            ? "each size on the outputs of its own quantized layers"
                            : "all sizes on the outputs of the original layers, kept once",
                        "sequential",
                        sequential,
                        "sizes",
                        sizes))
            + "\n");
    return ArtifactList.of(file, FILE);
  }
}
