package org.alphaquant.runner;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.LongStream;
import org.alphaquant.job.JobProgress;
import org.alphaquant.job.JobSpec;
import org.alphaquant.worker.AttemptEndedException;
import org.alphaquant.worker.JobContext;

/** An attempt without a database: keeps what is reported, and stops the work when it is told to. */
final class RecordedContext implements JobContext {
  final List<JobProgress> progress = new CopyOnWriteArrayList<>();
  final List<String> events = new CopyOnWriteArrayList<>();

  private final JobSpec spec;
  private final Path job;
  private final long epoch;
  private volatile AttemptEndedException atUnit;
  private volatile AttemptEndedException atLayer;
  private volatile AttemptEndedException afterEvent;

  RecordedContext(JobSpec spec, Path job, long epoch) throws IOException {
    this.spec = spec;
    this.job = job;
    this.epoch = epoch;
    Files.createDirectories(artifactDirectory());
  }

  void stopAtUnit(AttemptEndedException reason) {
    atUnit = reason;
  }

  /** Stops it once it has reported something. */
  void stopAfterEvent(AttemptEndedException reason) {
    afterEvent = reason;
  }

  void stopAtLayer(AttemptEndedException reason) {
    atLayer = reason;
  }

  @Override
  public UUID jobId() {
    return new UUID(0, 7);
  }

  @Override
  public long leaseEpoch() {
    return epoch;
  }

  @Override
  public JobSpec spec() {
    return spec;
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
  public Path attemptDirectory() {
    return job.resolve(Long.toString(epoch));
  }

  @Override
  public Path artifactDirectory() {
    return attemptDirectory().resolve("result");
  }

  @Override
  public List<Path> earlierAttempts() {
    return LongStream.range(1, epoch)
        .mapToObj(earlier -> job.resolve(Long.toString(epoch - earlier)))
        .toList();
  }

  @Override
  public void ensureHeld() {
    if (atUnit != null) {
      throw atUnit;
    }
  }

  @Override
  public void betweenLayers() {
    ensureNotDraining();
  }

  @Override
  public void ensureNotDraining() {
    ensureHeld();
    if (atLayer != null) {
      throw atLayer;
    }
  }

  @Override
  public void progress(JobProgress told) {
    progress.add(told);
  }

  @Override
  public void event(String type, Object data) {
    events.add(type + " " + data);
    atUnit = afterEvent;
  }
}
