package org.alphaquant.fetch;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.alphaquant.job.FetchedSource;
import org.alphaquant.job.JobProgress;
import org.alphaquant.job.JobSpec;
import org.alphaquant.worker.JobContext;

/**
 * An attempt for which something was brought.
 *
 * @param earlierAttempts folders to adopt finished layers from, with those that were brought
 */
record FetchedContext(
    JobContext attempt, Map<String, FetchedSource> sources, List<Path> earlierAttempts)
    implements JobContext {

  FetchedContext {
    sources = Map.copyOf(sources);
    earlierAttempts = List.copyOf(earlierAttempts);
  }

  /** With sources. */
  FetchedContext(JobContext attempt, Map<String, FetchedSource> sources) {
    this(attempt, sources, attempt.earlierAttempts());
  }

  /** With finished layers. */
  FetchedContext(JobContext attempt, List<Path> earlierAttempts) {
    this(attempt, attempt.sources(), earlierAttempts);
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
