package org.alphaquant.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.alphaquant.checkpoint.AtomicFile;
import org.alphaquant.job.CalibrationRequest;
import org.alphaquant.job.FetchedSource;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.LadderSize;
import org.alphaquant.job.LadderStep;
import org.alphaquant.prepare.JobInputs;
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

  private static final int AT_ONCE_ON_HOST = 2;

  // Two of them take no more memory than one larger model is allowed to.
  private static final long SMALL_BYTES = 1L << 30;

  private final JobInputs inputs;
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
  LadderRun(JobInputs inputs, JobContext context, QuantizationRun runner, RunSession session) {
    this.inputs = inputs;
    this.context = context;
    this.runner = runner;
    this.session = session;
    this.spec = context.spec();
    this.sequential = spec.calibration().sequential();
  }

  JobResult run() throws IOException {
    CalibrationRequest calibration = calibration();
    double begun = isMadeHere() ? CALIBRATION_SHARE : 0;
    List<LadderStep> steps = spec.ladder();
    SharedContext shared = new SharedContext(context, steps.size(), begun);
    List<List<String>> lanes = lanes(calibration);
    BlockingQueue<List<String>> free = new ArrayBlockingQueue<>(lanes.size(), false, lanes);
    Finished[] finished = new Finished[steps.size()];
    InOrder.all(
        lanes.size(),
        IntStream.range(0, steps.size()).boxed().toList(),
        i -> {
          List<String> devices = free.remove();
          finished[i] = size(shared.part(i, devices), steps.get(i), calibration);
          free.add(devices);
          told(shared, finished);
        },
        shared::fail);
    List<LadderSize> ranked = LadderSize.ranked(sizes(finished));
    List<JobResult.Artifact> artifacts = new ArrayList<>(List.of(written(ranked)));
    for (int i = 0; i < finished.length; i++) {
      String name = steps.get(i).name();
      finished[i].result().artifacts().forEach(it -> artifacts.add(below(name, it)));
    }
    return JobResult.ofLadder(ranked, artifacts);
  }

  private Finished size(JobContext own, LadderStep step, CalibrationRequest calibration) {
    try {
      TrialContext trial =
          TrialContext.of(
              own, spec.step(step, calibration), "ladder/" + step.name(), sources, 0, 1);
      Finished finished = finished(trial);
      move(trial, step.name());
      return finished;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void told(SharedContext shared, Finished[] finished) {
    synchronized (shared) {
      shared.event(
          "ladder", Map.of("sizes", LadderSize.ranked(sizes(finished)), "of", finished.length));
    }
  }

  // Those that are done so far.
  private List<LadderSize> sizes(Finished[] finished) {
    return IntStream.range(0, finished.length)
        .filter(i -> finished[i] != null)
        .mapToObj(
            i ->
                LadderSize.of(
                    spec.ladder().get(i).name(),
                    finished[i].result(),
                    sequential,
                    finished[i].seconds()))
        .toList();
  }

  /**
   * The devices of the sizes that are made at once. From kept Hessians a size is made by one
   * device, so that others take other sizes; on a host a small model's solving and evaluation leave
   * processors idle that a second size can use.
   */
  private List<List<String>> lanes(CalibrationRequest calibration) throws IOException {
    List<String> devices = context.devices().stream().distinct().toList();
    if (calibration.id() == null) {
      return List.of(context.devices());
    }
    if (devices.size() == 1 && devices.get(0).equals("cpu") && isSmall(calibration)) {
      return Collections.nCopies(InOrder.threads(AT_ONCE_ON_HOST), devices);
    }
    return devices.stream().map(List::of).toList();
  }

  private boolean isSmall(CalibrationRequest calibration) throws IOException {
    TrialContext any =
        TrialContext.of(
            context,
            spec.step(spec.ladder().get(0), calibration),
            "ladder/" + spec.ladder().get(0).name(),
            sources,
            0,
            1);
    return session.job(any, inputs.with(any.sources())).source().totalBytes() <= SMALL_BYTES;
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
