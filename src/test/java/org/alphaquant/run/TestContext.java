package org.alphaquant.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.alphaquant.job.JobProgress;
import org.alphaquant.job.JobSpec;
import org.alphaquant.worker.JobContext;

/** One attempt in a folder, without a queue; may stop the run after some layers. */
public final class TestContext implements JobContext {

  /** Thrown in place of a killed process. */
  static final class Stopped extends RuntimeException {}

  final List<JobProgress> progress = new ArrayList<>();
  final List<Object> experts = new ArrayList<>();
  final List<String> warnings = new ArrayList<>();

  /** Whether the worker is being stopped. */
  boolean draining;

  private final JobSpec spec;
  private final String device;
  private final Path folder;
  private final List<Path> earlier;
  private final int stopAfter;
  private int layers;

  TestContext(JobSpec spec, Path folder, List<Path> earlier, int stopAfter) {
    this(spec, "cpu", folder, earlier, stopAfter);
  }

  TestContext(JobSpec spec, String device, Path folder, List<Path> earlier, int stopAfter) {
    this.spec = spec;
    this.device = device;
    this.folder = folder;
    this.earlier = earlier;
    this.stopAfter = stopAfter;
    try {
      Files.createDirectories(artifactDirectory());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static TestContext of(JobSpec spec, Path folder) {
    return new TestContext(spec, folder, List.of(), Integer.MAX_VALUE);
  }

  /** Layers that this attempt made itself. */
  int layersMade() {
    return layers;
  }

  @Override
  public UUID jobId() {
    return new UUID(0, 1);
  }

  @Override
  public long leaseEpoch() {
    return 1 + earlier.size();
  }

  @Override
  public JobSpec spec() {
    return spec;
  }

  @Override
  public List<String> devices() {
    return List.of(device.split(","));
  }

  @Override
  public int earlierResourceFailures() {
    return 0;
  }

  @Override
  public Path attemptDirectory() {
    return folder;
  }

  @Override
  public Path artifactDirectory() {
    return folder.resolve("result");
  }

  @Override
  public List<Path> earlierAttempts() {
    return earlier;
  }

  @Override
  public void ensureHeld() {}

  @Override
  public void betweenLayers() {
    layers++;
    if (layers == stopAfter) {
      throw new Stopped();
    }
  }

  @Override
  public void ensureNotDraining() {
    if (draining) {
      throw new Stopped();
    }
  }

  @Override
  public void progress(JobProgress told) {
    progress.add(told);
  }

  @Override
  public void event(String type, Object data) {
    if (type.equals("experts")) {
      experts.add(data);
    } else {
      warnings.add(data.toString());
    }
  }
}
