package org.alphaquant.prepare;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.job.JobKind;
import org.alphaquant.job.JobSpec;
import org.alphaquant.model.ModelFamilies;
import org.alphaquant.model.ModelFolder;
import org.alphaquant.model.RecognisedModel;
import org.alphaquant.request.ClientPresence;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.scheme.QuantizationConfig;
import org.alphaquant.scheme.Resolution;
import org.alphaquant.scheme.plan.Plan;
import org.alphaquant.scheme.plan.PlannedSource;
import org.alphaquant.scheme.plan.Planner;
import org.alphaquant.source.SourceException;
import org.alphaquant.storage.NarrowedDoubles;
import org.springframework.stereotype.Component;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Opens and plans a job, once per request and once per attempt. */
@Component
public class JobPreparation {

  private static final JsonNode UNCHANGED =
      JsonMapper.shared().readTree("{\"default\": {\"wq\": \"bf16\"}}");

  private static final Pattern LAYER = Pattern.compile("\\.(\\d{1,6})\\.");

  private final JobInputs inputs;

  public JobPreparation(JobInputs inputs) {
    this.inputs = inputs;
  }

  /**
   * Opens the model, recognises its family, applies the configuration and plans the result. Reads
   * headers and config.json alone. Problems are among the plan's findings.
   *
   * @return to be closed
   * @throws SourceException if there is no such folder below the roots
   * @throws org.alphaquant.checkpoint.CheckpointException if it holds no whole checkpoint
   * @throws org.alphaquant.architecture.ModelException if no family can run it
   * @throws org.alphaquant.scheme.InvalidConfigException if the configuration cannot be read
   */
  public PreparedJob open(JobSpec spec) {
    Path folder = inputs.folder(spec);
    Checkpoint source = ModelFolder.open(folder, inputs.links(folder));
    try {
      return prepare(spec, source);
    } catch (RuntimeException e) {
      source.close();
      throw e;
    }
  }

  private static PreparedJob prepare(JobSpec spec, Checkpoint source) {
    ClientPresence.require();
    RecognisedModel model = ModelFamilies.recognise(source, spec.modelType());
    ModelDescription description = model.description();
    Map<String, TensorSource> plain = new LinkedHashMap<>();
    model.plainTensors().stream()
        .map(tensor -> new Placed(layer(tensor.info().name()), tensor))
        .sorted(Comparator.comparingInt(Placed::layer))
        .map(placed -> NarrowedDoubles.of(placed.tensor))
        .forEach(tensor -> plain.put(tensor.info().name(), tensor));
    List<TensorInfo> infos = plain.values().stream().map(TensorSource::info).toList();
    PlannedSource planned = planned(spec, source, description, infos);
    Plan plan =
        spec.kind() == JobKind.REPACK ? repacking(spec, model, planned) : plan(spec, planned);
    return new PreparedJob(spec, model, plain, plan);
  }

  /** A tensor and its layer, looked for once. */
  private record Placed(int layer, TensorSource tensor) {}

  private static Plan repacking(JobSpec spec, RecognisedModel model, PlannedSource source) {
    List<ModuleScheme> modules = new ArrayList<>();
    for (ModuleDescription linear : source.description().linears()) {
      Optional<TensorScheme> scheme =
          linear.kind() == ModuleKind.HEAD && source.description().tiedHead()
              ? Optional.empty()
              : model.tensor(linear.name() + ".weight").scheme();
      modules.add(ModuleScheme.stored(linear, scheme.orElse(TensorScheme.UNQUANTIZED)));
    }
    Resolution resolution = new Resolution(modules, List.of(), NumberFormat.BF16);
    OutputChoice output = OutputChoice.of(spec.output());
    return new Planner(source)
        .repacking(resolution, output.format().orElseThrow(), output.target());
  }

  /**
   * Another job of the same model; the source is not opened again.
   *
   * @throws org.alphaquant.scheme.InvalidConfigException if the configuration cannot be read
   */
  static PreparedJob planned(PreparedJob job, JobSpec spec) {
    List<TensorInfo> infos = job.plain().values().stream().map(TensorSource::info).toList();
    PlannedSource planned =
        new PlannedSource(
            job.description(),
            job.source().folder(),
            job.source().links(),
            job.source().config(),
            job.plan().source(),
            job.plan().sourceBytes(),
            job.plan().dtype(),
            job.spec().rotation() != null,
            infos);
    return new PreparedJob(spec, job.model(), job.plain(), plan(spec, planned));
  }

  private static Plan plan(JobSpec spec, PlannedSource source) {
    Resolution resolution = resolve(spec, source.description(), source.plain());
    OutputChoice output = OutputChoice.of(spec.output());
    return new Planner(source).plan(resolution, output.format(), output.target());
  }

  // Norms are included, so that an override that names one is refused.
  private static Resolution resolve(
      JobSpec spec, ModelDescription description, List<TensorInfo> plain) {
    List<ModuleDescription> modules = new ArrayList<>(description.linears());
    modules.addAll(OtherModules.of(description, plain));
    // A model that is only measured stays as it is.
    JsonNode config = spec.kind() == JobKind.EVALUATION ? UNCHANGED : spec.config();
    Resolution resolution = QuantizationConfig.parse(config).resolve(modules);
    return spec.strictPatterns() ? resolution.strict() : resolution;
  }

  private static PlannedSource planned(
      JobSpec spec, Checkpoint source, ModelDescription description, List<TensorInfo> plain) {
    return new PlannedSource(
        description,
        source.folder(),
        source.links(),
        source.config(),
        SourceDigest.ofHeaders(source),
        source.totalBytes(),
        commonest(plain),
        spec.rotation() != null,
        plain);
  }

  // A result is written in this order while its layers are computed; many sources are in the order
  // of names, where layer 10 comes before layer 2.
  private static int layer(String tensor) {
    Matcher number = LAYER.matcher(tensor);
    return number.find() ? Integer.parseInt(number.group(1)) : -1;
  }

  // Unquantized weights are written as plain tensors, in the dtype that most of them have.
  private static Dtype commonest(List<TensorInfo> plain) {
    Map<Dtype, Long> bytes =
        plain.stream()
            .collect(
                Collectors.groupingBy(
                    TensorInfo::dtype, Collectors.summingLong(TensorInfo::bytes)));
    return Collections.max(bytes.entrySet(), Map.Entry.comparingByValue()).getKey();
  }
}
