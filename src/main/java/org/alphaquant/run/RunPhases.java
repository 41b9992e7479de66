package org.alphaquant.run;

import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.alphaquant.allocate.Adaptation;
import org.alphaquant.allocate.Allocation;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.Links;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.checkpoint.WrittenFile;
import org.alphaquant.distill.DistilledFiles;
import org.alphaquant.estimate.MemoryPlan;
import org.alphaquant.estimate.PeakMemory;
import org.alphaquant.job.HessianPrecision;
import org.alphaquant.job.JobKind;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.model.ModelFolder;
import org.alphaquant.model.block.WeightOverlay;
import org.alphaquant.prepare.CoveragePlan;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.prepare.RunInputs;
import org.alphaquant.prepare.SourceDigest;
import org.alphaquant.quantize.LinearReport;
import org.alphaquant.quantize.ModelQuantizer;
import org.alphaquant.quantize.Rank;
import org.alphaquant.quantize.RunObserver.Phase;
import org.alphaquant.report.Versions;
import org.alphaquant.scheme.InvalidConfigException;
import org.alphaquant.scheme.plan.Plan;
import org.alphaquant.storage.StoredResult;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.alphaquant.worker.AttemptLayout;
import org.alphaquant.worker.JobContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The phases of one run: evaluate, quantize layer by layer, write, evaluate what was written. */
final class RunPhases implements AutoCloseable {

  private static final int SHOWN_CHECKS = 50;
  private static final JsonMapper JSON = JsonMapper.shared();

  private final JobContext context;
  private final KeptFolder kept;
  private final JobSpec spec;
  private final Torch torch;
  private final SourceHashes source;
  private final TensorScope rotation;
  private final RunProgress progress;
  private final PeakMemory peak;
  private final StageSeconds seconds;
  private final LayerFiles layers;
  private final SolvedLayers solved;
  private final Resumption resumption;
  private final MemoryPlan memory;
  private final LayerwiseSolving solving;
  private LayerCheck checks;

  // With a budget or rules for experts the configuration is chosen on the way.
  private RunInputs inputs;
  private PreparedJob prepared;
  private SolverSettings settings;
  private Allocation allocation;
  private Adaptation adaptation;
  private List<WrittenFile> hashed = List.of();
  private final Measuring measuring;

  /**
   * @param devices that solve together; everything else the first does by itself
   * @param kept a calibration of an earlier run; null where there is none
   * @param seconds of the stages so far
   */
  RunPhases(
      JobContext context,
      List<Torch> devices,
      KeptFolder kept,
      RunInputs inputs,
      SourceHashes source,
      RunProgress progress,
      StageSeconds seconds) {
    this.seconds = seconds;
    this.kept = kept;
    this.context = context;
    this.spec = context.spec();
    this.torch = devices.get(0);
    this.source = source;
    this.rotation = torch.scope("rotation");
    this.prepared = new RotatedSource(torch, rotation).of(inputs.job());
    this.inputs = inputs.with(prepared);
    this.progress = progress;
    this.peak = new PeakMemory(devices);
    this.layers = new LayerFiles(new AttemptLayout(context.attemptDirectory()).layers());
    this.solved = new SolvedLayers(layers, prepared.description().layers());
    this.settings = new SolverSettings(this.inputs);
    this.resumption = Resumption.of(context, fingerprint(), layers, isSolvedFromKept());
    this.memory = memory(devices);
    this.solving =
        new LayerwiseSolving(
            alone() ? devices.subList(0, 1) : devices,
            memory,
            peak,
            seconds,
            isSolvedFromKept() ? kept : null,
            context::betweenLayers);
    this.measuring =
        new Measuring(
            torch, inputs.evaluation(), resumption.outputs(), progress, memory, peak, seconds);
  }

  // Of one of the devices, which all get as much to do.
  private MemoryPlan memory(List<Torch> devices) {
    int sharing = alone() ? 1 : devices.size();
    long samples = (inputs.samples().samples() + sharing - 1) / sharing;
    return new MemoryPlan(
        new CoveragePlan(prepared).largest(samples * inputs.samples().sequenceLength()),
        devices.stream().mapToLong(it -> it.freeDeviceMemory().orElse(0)).min().orElse(0),
        context.earlierResourceFailures());
  }

  JobResult run() throws IOException {
    int adopted = adopted();
    Measured before = measuring.isAsked() ? measuredSource() : null;
    if (spec.budget() != null) {
      allocate();
    }
    if (!spec.adaptive().isEmpty()) {
      adapt();
    }
    DistilledFiles trained = quantizedAndWritten(adopted);
    try (StoredResult written = prepared.plan().format().open(context.artifactDirectory())) {
      StoredWeights stored = new StoredWeights(prepared.plan(), written);
      seconds.of("verify", () -> check(written, stored, trained));
      Figures figures =
          measuring.isAsked() ? measured(stored, before) : new Figures(null, null, null);
      Plan plan = prepared.plan();
      RunReports reports =
          new RunReports(context, torch, inputs, source, solved, progress, seconds);
      reports.write(figures, trained, allocation, adaptation, peak.peak(memory));
      return new JobResult(
          figures.perplexity(),
          figures.divergence(),
          figures.choices(),
          plan.bitsPerWeight(),
          new JobResult.Size(plan.sourceBytes(), plan.outputBytes()),
          new ArtifactList(context).of(hashed));
    }
  }

  private void allocate() {
    AllocatePhase phase = new AllocatePhase(context, inputs, resumption, progress, solving);
    allocation = seconds.of(Phase.ALLOCATE.jsonName(), phase::run);
    goOnWith(allocation.config());
  }

  private void adapt() {
    AdaptPhase phase = new AdaptPhase(context, inputs, resumption, progress, solving);
    adaptation = seconds.of(Phase.ALLOCATE.jsonName(), phase::run);
    goOnWith(adaptation.config());
  }

  private void goOnWith(JsonNode config) {
    prepared = prepared.configured(config);
    inputs = inputs.with(prepared);
    settings = new SolverSettings(inputs);
    if (!prepared.plan().errors().isEmpty()) {
      throw new InvalidConfigException(prepared.plan().errors());
    }
  }

  private Figures measured(StoredWeights stored, Measured before) {
    try (Checkpoint read = ModelFolder.open(context.artifactDirectory(), Links.OWN)) {
      return measuring.after(subject(read, stored), before, context::ensureHeld);
    }
  }

  // Whoever made the calibration has looked at every tensor.
  private int adopted() {
    int adopted = seconds.of("adopt", resumption::adopt);
    if (adopted == 0 && kept == null) {
      seconds.of("check_source", this::checkSource);
    }
    if (kept != null && resumption.measured().isEmpty()) {
      kept.measured(inputs.evaluation()).ifPresent(this::take);
    }
    progress.adopted(Phase.QUANTIZE, adopted, prepared.description().layers());
    resumption.measured().ifPresent(known -> progress.adopted(Phase.EVALUATE_BEFORE, 1, 1));
    return adopted;
  }

  private void take(Measured measured) {
    if (measured.compared() > 0) {
      kept.takeOutputs(resumption.outputs());
    }
    resumption.put(measured);
  }

  /** Keeps what the model's linears read, and what was measured of it, in place of a result. */
  JobResult keep() throws IOException {
    int adopted = adopted();
    Measured before = measuring.isAsked() ? measuredSource() : null;
    int count = prepared.description().layers();
    try (ResultWriting writing = new ResultWriting(layers, count, adopted)) {
      quantize(adopted, writing);
      writing.awaitLayers();
    } finally {
      if (checks != null) {
        checks.close();
      }
    }
    progress.progress(Phase.WRITE, 0, 1);
    seconds.of(
        Phase.WRITE.jsonName(),
        () ->
            KeptFolder.write(
                context.artifactDirectory(),
                inputs,
                layers,
                settings.plan().schemes().size(),
                before,
                resumption.outputs()));
    inputs.evaluation().warnings().forEach(progress::warning);
    progress.progress(Phase.EVALUATE_AFTER, 1, 1);
    Figures figures =
        before == null ? new Figures(null, null, null) : Figures.of(null, before, null);
    return new JobResult(
        figures.perplexity(),
        null,
        figures.choices(),
        null,
        null,
        new ArtifactList(context).of(List.of()));
  }

  private void checkSource() {
    Set<String> names = prepared.model().storedTensors();
    int step = Math.max(1, names.size() / SHOWN_CHECKS);
    SourceCheck.check(
        prepared.source(),
        names,
        done -> {
          context.ensureHeld();
          if (done % step == 0) {
            progress.progress(Phase.PREPARE, done, names.size());
          }
        });
  }

  private Measured measuredSource() {
    return resumption
        .measured()
        .orElseGet(
            () -> {
              Measured measured =
                  measuring.before(
                      subject(prepared.source(), WeightOverlay.NONE), context::ensureNotDraining);
              resumption.put(measured);
              return measured;
            });
  }

  private Measuring.Subject subject(Checkpoint checkpoint, WeightOverlay overlay) {
    return new Measuring.Subject(checkpoint, prepared.description(), overlay);
  }

  // Where nothing comes between solving and writing the result is written while layers are solved.
  private DistilledFiles quantizedAndWritten(int adopted) {
    int count = prepared.description().layers();
    try (ResultWriting writing = new ResultWriting(layers, count, adopted)) {
      if (spec.distill() == null) {
        writing.begin(pending -> write(pending, DistilledFiles.NONE));
      }
      quantize(adopted, writing);
      writing.awaitLayers();
      DistilledFiles trained = distilled(writing);
      progress.progress(Phase.WRITE, 0, 1);
      hashed = seconds.of(Phase.WRITE.jsonName(), writing::finish);
      if (spec.output().imatrix()) {
        new CalibrationSums(inputs, writing.layers().all(), solved.experts())
            .write(context.artifactDirectory());
      }
      return trained;
    }
  }

  private DistilledFiles distilled(ResultWriting writing) {
    if (spec.distill() == null) {
      return DistilledFiles.NONE;
    }
    DistillPhase phase = new DistillPhase(context, torch, inputs, resumption, progress, seconds);
    DistilledFiles trained = phase.run(settings.plan(), writing.layers().all());
    peak.look();
    writing.begin(pending -> write(pending, trained));
    return trained;
  }

  private List<WrittenFile> write(PendingLayers pending, DistilledFiles trained) {
    List<SafetensorsFile> later = trained.open();
    try {
      return new CheckpointAssembly(prepared).write(pending, later, context.artifactDirectory());
    } finally {
      later.forEach(SafetensorsFile::close);
    }
  }

  private void quantize(int first, ResultWriting writing) {
    for (int i = 0; i < first; i++) {
      Optional.ofNullable(layers.read(i).experts()).ifPresent(progress::routed);
    }
    checks = new LayerCheck(torch, prepared, layers);
    solving.run(
        inputs,
        this::quantizer,
        first,
        resumption,
        writing,
        progress,
        (layer, result) -> checks.check(layer, result.reports()));
  }

  // A calibration keeps what a quantization would go by.
  private ModelQuantizer quantizer(Rank rank) {
    if (spec.kind() != JobKind.CALIBRATION) {
      return new ModelQuantizer(settings.plan(), memory, rank);
    }
    Dtype hessians =
        spec.calibration().hessians() == HessianPrecision.BFLOAT16 ? Dtype.BF16 : Dtype.F32;
    return ModelQuantizer.keeping(
        settings.plan(), memory, hessians, new SpilledTensors(layers.folder()));
  }

  // Hessians of the original are kept, and solved from, by one device.
  private boolean alone() {
    return spec.kind() == JobKind.CALIBRATION || isSolvedFromKept();
  }

  private boolean isSolvedFromKept() {
    return kept != null && spec.calibration().solvesFromKept();
  }

  // What must agree for a layer of an earlier attempt to be the one this attempt would make.
  private String fingerprint() {
    return String.join(
        "\n",
        JSON.writeValueAsString(spec),
        SourceDigest.ofFiles(prepared.source()),
        inputs.samples().sha256(),
        String.valueOf(Arrays.deepHashCode(inputs.training())),
        String.valueOf(Arrays.deepHashCode(inputs.heldOut())),
        Versions.all().toString(),
        torch.device().replaceAll("\\d", ""));
  }

  // The result is read back as an engine would, and must give what was planned and solved.
  private void check(StoredResult written, StoredWeights stored, DistilledFiles trained) {
    Map<String, LinearReport> reports =
        solved.linears(trained).stream()
            .collect(Collectors.toMap(LinearReport::module, Function.identity()));
    List<SafetensorsFile> files = trained.open();
    try (LayerCheck known = checks) {
      Map<String, List<TensorSource>> decoded = known.planes();
      decoded.keySet().removeAll(trained.checksums().keySet());
      Map<String, TensorSource> pieces = new HashMap<>(prepared.pieces());
      files.forEach(
          file ->
              file.names().stream()
                  .filter(pieces::containsKey)
                  .forEach(name -> pieces.put(name, file.source(name))));
      new ResultCheck(prepared.plan(), written, stored, decoded, context::ensureHeld)
          .check(torch, reports, pieces);
    } finally {
      files.forEach(SafetensorsFile::close);
    }
  }

  @Override
  public void close() {
    rotation.close();
  }
}
