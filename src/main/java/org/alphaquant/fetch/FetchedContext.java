package org.alphaquant.fetch;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.alphaquant.job.FetchedSource;
import org.alphaquant.worker.ForwardingContext;
import org.alphaquant.worker.JobContext;

/** An attempt with downloaded sources or finished layers. */
final class FetchedContext extends ForwardingContext {

  private final Map<String, FetchedSource> sources;
  private final List<Path> earlierAttempts;

  /** With downloaded sources. */
  FetchedContext(JobContext attempt, Map<String, FetchedSource> sources) {
    this(attempt, sources, attempt.earlierAttempts());
  }

  /**
   * With downloaded layers.
   *
   * @param earlierAttempts folders to adopt them from, including downloaded ones
   */
  FetchedContext(JobContext attempt, List<Path> earlierAttempts) {
    this(attempt, attempt.sources(), earlierAttempts);
  }

  private FetchedContext(
      JobContext attempt, Map<String, FetchedSource> sources, List<Path> earlierAttempts) {
    super(attempt);
    this.sources = Map.copyOf(sources);
    this.earlierAttempts = List.copyOf(earlierAttempts);
  }

  @Override
  public Map<String, FetchedSource> sources() {
    return sources;
  }

  @Override
  public List<Path> earlierAttempts() {
    return earlierAttempts;
  }
}
