package org.alphaquant.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.alphaquant.job.FetchedSource;
import org.alphaquant.job.JobProgress;
import org.alphaquant.job.JobSpec;
import org.alphaquant.worker.ForwardingContext;
import org.alphaquant.worker.JobContext;

/**
 * The context of a nested run, with its own specification and folder; its progress is scaled to a
 * part of the attempt's.
 */
final class TrialContext extends ForwardingContext {

  private static final String FOLDER = "trials";
  private static final String ARTIFACTS = "artifacts";

  private final JobSpec spec;
  private final String name;
  private final Map<String, FetchedSource> more;
  private final double from;
  private final double to;

  /**
   * @param whole the attempt
   * @param name of its folder, the same in every attempt
   * @param more sources by their names in the nested specification
   * @param from fraction of the attempt done before it
   * @param to fraction done after it
   */
  TrialContext(
      JobContext whole,
      JobSpec spec,
      String name,
      Map<String, FetchedSource> more,
      double from,
      double to) {
    super(whole);
    this.spec = spec;
    this.name = name;
    this.more = more;
    this.from = from;
    this.to = to;
  }

  /** Makes the folder. */
  static TrialContext of(
      JobContext whole,
      JobSpec spec,
      String name,
      Map<String, FetchedSource> more,
      double from,
      double to) {
    TrialContext trial = new TrialContext(whole, spec, name, more, from, to);
    try {
      Files.createDirectories(trial.artifactDirectory());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return trial;
  }

  @Override
  public JobSpec spec() {
    return spec;
  }

  @Override
  public Map<String, FetchedSource> sources() {
    Map<String, FetchedSource> all = new HashMap<>(super.sources());
    all.putAll(more);
    return all;
  }

  @Override
  public Path attemptDirectory() {
    return folder(super.attemptDirectory());
  }

  @Override
  public Path artifactDirectory() {
    return artifacts(attemptDirectory());
  }

  /** The report of its result. */
  Path report() {
    return artifactDirectory().resolve("quantization_report.json");
  }

  /** Where an attempt at this run has its result. */
  Path artifacts(Path attempt) {
    return attempt.resolve(ARTIFACTS);
  }

  @Override
  public List<Path> earlierAttempts() {
    return super.earlierAttempts().stream().map(this::folder).filter(Files::isDirectory).toList();
  }

  private Path folder(Path attempt) {
    return attempt.resolve(FOLDER).resolve(name);
  }

  @Override
  public void progress(JobProgress own) {
    double fraction = from + (to - from) * (own.fraction() == null ? 0 : own.fraction());
    super.progress(new JobProgress(own.phase(), own.layer(), own.layers(), fraction, null));
  }
}
