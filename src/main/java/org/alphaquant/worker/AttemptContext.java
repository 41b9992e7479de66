package org.alphaquant.worker;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.alphaquant.device.ComputeDevice;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobProgress;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.JobEvent;
import org.alphaquant.job.row.JobEvents;

/** The context of one attempt; every write carries the lease epoch as a fencing token. */
final class AttemptContext implements JobContext {
  private final Job job;
  private final Lease lease;
  private final List<String> devices;
  private final Path directory;
  private final List<Path> earlier;
  private final JobEvents events;
  private final long progressNanos;
  private JobProgress written;
  private JobProgress pending;
  private long writtenAt;

  AttemptContext(
      Job job,
      Lease lease,
      List<ComputeDevice> devices,
      Path directory,
      List<Path> earlier,
      JobEvents events,
      Duration progressEvery) {
    this.job = job;
    this.lease = lease;
    this.devices = devices.stream().map(ComputeDevice::name).toList();
    this.directory = directory;
    this.earlier = List.copyOf(earlier);
    this.events = events;
    this.progressNanos = progressEvery.toNanos();
  }

  @Override
  public UUID jobId() {
    return job.id();
  }

  @Override
  public long leaseEpoch() {
    return lease.epoch();
  }

  @Override
  public JobSpec spec() {
    return job.spec();
  }

  @Override
  public String owner() {
    return job.owner();
  }

  @Override
  public List<String> devices() {
    return devices;
  }

  @Override
  public int earlierResourceFailures() {
    return job.failures(JobError.Kind.RESOURCE);
  }

  @Override
  public Path attemptDirectory() {
    return directory;
  }

  @Override
  public Path artifactDirectory() {
    return directory.resolve(AttemptFolders.RESULT);
  }

  @Override
  public List<Path> earlierAttempts() {
    return earlier;
  }

  @Override
  public void ensureHeld() {
    lease.ensureHeld();
  }

  @Override
  public void betweenLayers() {
    flushProgress();
    lease.ensureNotDraining();
  }

  @Override
  public void ensureNotDraining() {
    lease.ensureNotDraining();
  }

  // Progress within a phase is throttled; the latest progress is always written in the end.
  @Override
  public void progress(JobProgress progress) {
    boolean newPhase = written == null || !written.phase().equals(progress.phase());
    pending = progress;
    if (newPhase || System.nanoTime() - writtenAt >= progressNanos) {
      flushProgress();
    }
  }

  /** Writes the progress that throttling held back, if any. */
  void flushProgress() {
    if (pending != null) {
      append("progress", pending, pending);
      written = pending;
      pending = null;
      writtenAt = System.nanoTime();
    }
  }

  @Override
  public void event(String type, Object data) {
    append(type, data, null);
  }

  private void append(String type, Object data, JobProgress progress) {
    Optional<JobEvent> event =
        RetryingWrites.write(
            lease, () -> events.append(job.id(), lease.epoch(), type, "info", data, progress));
    if (event.isEmpty()) {
      lease.lose();
      lease.ensureHeld();
    }
  }
}
