package org.alphaquant.worker;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.alphaquant.job.FetchedSource;
import org.alphaquant.job.JobProgress;
import org.alphaquant.job.JobSpec;

/** An attempt that differs from another one in what a subclass says. */
public abstract class ForwardingContext implements JobContext {

  private final JobContext attempt;

  protected ForwardingContext(JobContext attempt) {
    this.attempt = attempt;
  }

  @Override
  public UUID jobId() {
    return attempt.jobId();
  }

  @Override
  public long leaseEpoch() {
    return attempt.leaseEpoch();
  }

  @Override
  public JobSpec spec() {
    return attempt.spec();
  }

  @Override
  public String owner() {
    return attempt.owner();
  }

  @Override
  public Map<String, FetchedSource> sources() {
    return attempt.sources();
  }

  @Override
  public List<String> devices() {
    return attempt.devices();
  }

  @Override
  public int earlierResourceFailures() {
    return attempt.earlierResourceFailures();
  }

  @Override
  public Path attemptDirectory() {
    return attempt.attemptDirectory();
  }

  @Override
  public Path artifactDirectory() {
    return attempt.artifactDirectory();
  }

  @Override
  public List<Path> earlierAttempts() {
    return attempt.earlierAttempts();
  }

  @Override
  public void unit(String name) {
    attempt.unit(name);
  }

  @Override
  public void ensureHeld() {
    attempt.ensureHeld();
  }

  @Override
  public void betweenLayers() {
    attempt.betweenLayers();
  }

  @Override
  public void ensureNotDraining() {
    attempt.ensureNotDraining();
  }

  @Override
  public void progress(JobProgress progress) {
    attempt.progress(progress);
  }

  @Override
  public void event(String type, Object data) {
    attempt.event(type, data);
  }
}
