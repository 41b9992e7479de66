package org.alphaquant.prepare;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.calibration.CalibrationSpec;
import org.alphaquant.calibration.TextSource;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.job.FetchedSource;
import org.alphaquant.job.JobSpec;
import org.alphaquant.model.ModelFamilies;
import org.alphaquant.scheme.QuantizationConfig;
import org.alphaquant.scheme.Resolution;
import org.alphaquant.scheme.plan.Plan;
import org.alphaquant.scheme.plan.Planner;
import org.alphaquant.source.RemoteModels;
import org.alphaquant.source.SourceException;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;

/** Turns the names in a specification into things: folder, model, schemes, texts. */
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

  public ModelDescription describe(JobSpec spec, Checkpoint checkpoint) {
    return ModelFamilies.describe(checkpoint, spec.modelType());
  }

  /**
   * The schemes of the model's linears. The configuration is held against norms and embeddings too,
   * so that one that names them is told that they cannot be quantized.
   */
  public Resolution resolve(JobSpec spec, Checkpoint checkpoint, ModelDescription description) {
    List<ModuleDescription> all = new ArrayList<>(description.linears());
    all.addAll(OtherModules.of(checkpoint, description));
    Resolution resolution = QuantizationConfig.parse(spec.config()).resolve(all);
    return new Resolution(
        resolution.modules().stream().filter(module -> module.module().kind().isLinear()).toList(),
        resolution.findings());
  }

  /**
   * What the job comes to: format, tensors, sizes, and among its findings what the format or the
   * engine that is to load it has against it.
   */
  public Plan plan(
      JobSpec spec, Checkpoint source, ModelDescription description, Resolution resolution) {
    OutputChoice output = OutputChoice.of(spec.output());
    return planner(source, description).plan(resolution, output.format(), output.target());
  }

  // What is not quantized is written as plain tensors, in the dtype that most of them have.
  public static Planner planner(Checkpoint source, ModelDescription description) {
    Map<Dtype, Long> bytes =
        ModelFamilies.plainTensors(source, description).stream()
            .map(TensorSource::info)
            .collect(
                Collectors.groupingBy(
                    TensorInfo::dtype, Collectors.summingLong(TensorInfo::bytes)));
    Dtype dtype = Collections.max(bytes.entrySet(), Map.Entry.comparingByValue()).getKey();
    return new Planner(bytes.values().stream().mapToLong(Long::longValue).sum(), dtype);
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
