package org.alphaquant.prepare;

import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalInt;
import org.alphaquant.calibration.CalibrationSpec;
import org.alphaquant.calibration.TextSource;
import org.alphaquant.job.FetchedSource;
import org.alphaquant.job.JobSpec;
import org.alphaquant.source.RemoteModels;
import org.alphaquant.source.SourceException;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;

/** Turns the names in a specification into folders and texts below the allowed roots. */
@Component
public class JobInputs {

  private final SourceSettings settings;
  private final RemoteModels remote;
  private final Map<String, FetchedSource> fetched;

  /** Inputs below the allowed roots only. */
  public JobInputs(SourceSettings settings) {
    this(settings, RemoteModels.NONE, Map.of());
  }

  @Autowired
  public JobInputs(SourceSettings settings, ObjectProvider<RemoteModels> remote) {
    this(settings, remote.getIfAvailable(() -> RemoteModels.NONE), Map.of());
  }

  private JobInputs(
      SourceSettings settings, RemoteModels remote, Map<String, FetchedSource> fetched) {
    this.settings = settings;
    this.remote = remote;
    this.fetched = fetched;
  }

  /** The same, with what was brought here by the names that specifications have for it. */
  public JobInputs with(Map<String, FetchedSource> sources) {
    return new JobInputs(settings, remote, Map.copyOf(sources));
  }

  /** The model's folder. */
  public Path folder(JobSpec spec) {
    return folder(spec.model(), spec.revision());
  }

  /**
   * The folder of a model; of one that is elsewhere, a folder with its names and shapes.
   *
   * @throws SourceException if there is none
   */
  public Path folder(String model, String revision) {
    if (fetched.containsKey(model)) {
      return Path.of(fetched.get(model).path());
    }
    try {
      return settings.modelRoots().folder(model);
    } catch (SourceException notBelowARoot) {
      return remote.headers(model, revision).orElseThrow(() -> notBelowARoot);
    }
  }

  public CalibrationSpec calibration(JobSpec spec) {
    JobSpec.Calibration calibration = spec.calibration();
    return new CalibrationSpec(
        text(calibration),
        calibration.samples(),
        calibration.sequenceLength(),
        calibration.minLength() == null
            ? OptionalInt.empty()
            : OptionalInt.of(calibration.minLength()),
        calibration.seed());
  }

  /** The text that perplexity is measured on; null where none is asked for. */
  public Path evaluationText(JobSpec spec) {
    return spec.evaluation() == null || spec.evaluation().perplexity() == null
        ? null
        : settings.fileRoots().file(spec.evaluation().perplexity().path());
  }

  private TextSource text(JobSpec.Calibration calibration) {
    if (calibration.texts() != null) {
      return new TextSource.Inline(calibration.texts());
    }
    return calibration.path() == null
        ? BuiltInText.documents()
        : TextSource.of(settings.fileRoots().file(calibration.path()), calibration.field());
  }
}
