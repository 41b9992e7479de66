package org.alphaquant.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.alphaquant.architecture.Precision;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.checkpoint.WrittenFile;
import org.alphaquant.distill.DistilledFiles;
import org.alphaquant.estimate.MemoryPlan;
import org.alphaquant.estimate.ModelShape;
import org.alphaquant.estimate.PeakMemory;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.gptq.ColumnOrder;
import org.alphaquant.gptq.GptqOptions;
import org.alphaquant.job.ActOrder;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.ScaleSearch;
import org.alphaquant.model.Model;
import org.alphaquant.model.block.WeightOverlay;
import org.alphaquant.moe.Utilization;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.prepare.RunInputs;
import org.alphaquant.prepare.SourceDigest;
import org.alphaquant.quantize.LinearReport;
import org.alphaquant.quantize.ModelQuantizer;
import org.alphaquant.quantize.QuantizationPlan;
import org.alphaquant.quantize.RunObserver.Phase;
import org.alphaquant.report.ModelCard;
import org.alphaquant.report.QuantizationReport;
import org.alphaquant.report.ReportWriter;
import org.alphaquant.report.Versions;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.scheme.plan.Plan;
import org.alphaquant.storage.StoredResult;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.alphaquant.worker.AttemptLayout;
import org.alphaquant.worker.JobContext;
import tools.jackson.databind.json.JsonMapper;

/** The phases of one run: evaluate, quantize layer by layer, write, evaluate what was written. */
final class RunPhases {

  private static final int SCALE_STEPS = 48;
  private static final int SHOWN_CHECKS = 50;
  private static final JsonMapper JSON = JsonMapper.shared();

  private final JobContext context;
  private final JobSpec spec;
  private final Torch torch;
  private final RunInputs inputs;
  private final PreparedJob prepared;
  private final RunProgress progress;
  private final PeakMemory peak;
  private final StageSeconds seconds;
  private final LayerFiles layers;
  private final Resumption resumption;
  private final MemoryPlan memory;
  private List<WrittenFile> hashed = List.of();
  private final Measuring measuring;

  /**
   * @param seconds of the stages so far
   */
  RunPhases(JobContext context, Torch torch, RunInputs inputs, StageSeconds seconds) {
    this.seconds = seconds;
    this.context = context;
    this.spec = context.spec();
    this.torch = torch;
    this.inputs = inputs;
    this.prepared = inputs.job();
    this.progress =
        new RunProgress(context, DistillPhase.tokens(spec, inputs, inputs.evaluation().tokens()));
    this.peak = new PeakMemory(torch);
    this.layers = new LayerFiles(new AttemptLayout(context.attemptDirectory()).layers());
    this.resumption = Resumption.of(context, fingerprint(), layers);
    this.memory =
        new MemoryPlan(
            new ModelShape(
                    prepared.description(),
                    (long) inputs.samples().samples() * inputs.samples().sequenceLength())
                .largest(),
            torch.freeDeviceMemory().orElse(0),
            context.earlierResourceFailures());
    this.measuring =
        new Measuring(
            torch, inputs.evaluation(), resumption.outputs(), progress, memory, peak, seconds);
  }

  JobResult run() throws IOException {
    progress.progress(Phase.PREPARE, 0, 1);
    int adopted = seconds.of("adopt", resumption::adopt);
    if (adopted == 0) {
      seconds.of("check_source", this::checkSource);
    }
    progress.adopted(Phase.QUANTIZE, adopted, prepared.description().layers());
    resumption.measured().ifPresent(known -> progress.adopted(Phase.EVALUATE_BEFORE, 1, 1));
    Measured before = measuring.isAsked() ? measuredSource() : null;
    DistilledFiles trained = quantizedAndWritten(adopted);
    try (StoredResult written = prepared.plan().format().open(context.artifactDirectory())) {
      StoredWeights stored = new StoredWeights(prepared.plan(), written);
      seconds.of("verify", () -> check(written, stored, trained));
      Checkpoint read = written.checkpoint().orElse(prepared.source());
      Figures figures =
          measuring.isAsked()
              ? measuring.after(subject(read, stored), before, context::ensureHeld)
              : new Figures(null, null, null);
      Plan plan = prepared.plan();
      writeReports(figures, trained);
      return new JobResult(
          figures.perplexity(),
          figures.divergence(),
          figures.choices(),
          plan.bitsPerWeight(),
          new JobResult.Size(plan.sourceBytes(), plan.outputBytes()),
          artifacts());
    }
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
        writing.begin(solved -> write(solved, DistilledFiles.NONE));
      }
      quantize(adopted, writing);
      writing.awaitLayers();
      DistilledFiles trained = distilled(writing);
      progress.progress(Phase.WRITE, 0, 1);
      hashed = seconds.of(Phase.WRITE.jsonName(), writing::finish);
      if (spec.output().imatrix()) {
        new CalibrationSums(inputs, writing.layers().all(), experts())
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
    DistilledFiles trained = phase.run(plan(), writing.layers().all());
    peak.look();
    writing.begin(solved -> write(solved, trained));
    return trained;
  }

  private List<WrittenFile> write(PendingLayers solved, DistilledFiles trained) {
    List<SafetensorsFile> later = trained.open();
    try {
      return new CheckpointAssembly(prepared).write(solved, later, context.artifactDirectory());
    } finally {
      later.forEach(SafetensorsFile::close);
    }
  }

  private void quantize(int first, ResultWriting writing) {
    try (TensorScope whole = torch.scope("model");
        TensorScope scope = whole.computing(precision())) {
      Model model = prepared.model().open(scope);
      ModelQuantizer quantizer = new ModelQuantizer(plan(), memory);
      for (int i = 0; i < first; i++) {
        Optional.ofNullable(layers.read(i).experts()).ifPresent(progress::routed);
      }
      ModelQuantizer.LayerDone done =
          (layer, result, stream) -> {
            seconds.of("keep", () -> resumption.put(layer, result, stream, writing));
            peak.look();
            context.betweenLayers();
          };
      if (first == 0) {
        quantizer.quantize(scope, model, progress, done);
      } else {
        quantizer.resume(scope, model, first, resumption.stream(scope, model), progress, done);
      }
    }
    torch.releaseCachedMemory();
  }

  // A 16-bit source says nothing that bfloat16 loses; another is computed as it is.
  private Precision precision() {
    if (spec.gptq().precision() != null) {
      return spec.gptq().precision();
    }
    return prepared.plan().dtype().bits() == Short.SIZE ? Precision.BFLOAT16 : Precision.FLOAT32;
  }

  // What must agree for a layer of an earlier attempt to be the one this attempt would make.
  private String fingerprint() {
    return String.join(
        "\n",
        JSON.writeValueAsString(spec),
        SourceDigest.ofFiles(prepared.source()),
        inputs.samples().sha256(),
        String.valueOf(Arrays.deepHashCode(inputs.training())),
        Versions.all().toString(),
        torch.device().replaceAll("\\d", ""));
  }

  private QuantizationPlan plan() {
    JobSpec.Gptq gptq = spec.gptq();
    int steps = gptq.scaleSearch() == ScaleSearch.NONE ? 1 : SCALE_STEPS;
    QuantizationPlan plan =
        new QuantizationPlan(
            schemes(),
            new GptqOptions(
                gptq.damp(),
                gptq.blockSize(),
                order(gptq.actOrder()),
                gptq.sweeps(),
                steps,
                gptq.scaleSearch() == ScaleSearch.HESSIAN,
                gptq.refit()),
            gptq.rounding(),
            gptq.routingWeight(),
            gptq.shrinkage(),
            prepared.plan().format(),
            prepared.plan().dtype(),
            inputs.samples().tokens());
    QuantizationPlan caching = plan.caching(prepared.plan().content().cached());
    return spec.distill() == null ? caching : caching.keepingSolutions();
  }

  private static ColumnOrder order(ActOrder asked) {
    return switch (asked) {
      case ALWAYS -> ColumnOrder.ACTIVATION;
      case NEVER -> ColumnOrder.NATURAL;
      case AUTO -> ColumnOrder.AUTO;
    };
  }

  private Map<String, TensorScheme> schemes() {
    return prepared.plan().content().quantized().stream()
        .collect(Collectors.toMap(ModuleScheme::name, ModuleScheme::scheme));
  }

  // The result is read back as an engine would, and must give what was planned and solved.
  private void check(StoredResult written, StoredWeights stored, DistilledFiles trained) {
    Map<String, LinearReport> solved =
        linears(trained).stream()
            .collect(Collectors.toMap(LinearReport::module, Function.identity()));
    List<SafetensorsFile> files = trained.open();
    try {
      Map<String, TensorSource> pieces = new HashMap<>(prepared.pieces());
      files.forEach(
          file ->
              file.names().stream()
                  .filter(pieces::containsKey)
                  .forEach(name -> pieces.put(name, file.source(name))));
      new ResultCheck(prepared.plan(), written, stored, context::ensureHeld)
          .check(torch, solved, pieces);
    } finally {
      files.forEach(SafetensorsFile::close);
    }
  }

  private List<LinearReport> linears(DistilledFiles trained) {
    return records().stream()
        .flatMap(record -> record.linears().stream())
        .map(
            linear ->
                linear.withChecksum(
                    trained.checksums().getOrDefault(linear.module(), linear.checksum())))
        .toList();
  }

  private List<Utilization> experts() {
    return records().stream().map(LayerRecord::experts).filter(Objects::nonNull).toList();
  }

  private List<LayerRecord> records() {
    return IntStream.range(0, prepared.description().layers()).mapToObj(layers::read).toList();
  }

  private void writeReports(Figures figures, DistilledFiles trained) throws IOException {
    List<LayerRecord> records = records();
    List<Utilization> experts = experts();
    QuantizationReport report =
        new ReportWriter(inputs, plan())
            .report(
                linears(trained),
                experts,
                seconds(records),
                prepared.plan().outputBytes(),
                figures.perplexity(),
                figures.divergence(),
                figures.choices(),
                peak.peak(memory));
    report.warnings().forEach(progress::warning);
    writeJson("quantization_report.json", report);
    writeJson("experts.json", Map.of("data", experts));
    Files.writeString(
        context.artifactDirectory().resolve("README.md"),
        new ModelCard(prepared, report).markdown());
  }

  private Map<String, Double> seconds(List<LayerRecord> records) {
    Map<String, Double> all = new LinkedHashMap<>(seconds.soFar());
    for (LayerRecord layer : records) {
      layer.seconds().forEach((stage, time) -> all.merge("quantize/" + stage, time, Double::sum));
    }
    return all;
  }

  private void writeJson(String name, Object content) throws IOException {
    Files.writeString(
        context.artifactDirectory().resolve(name),
        JSON.writerWithDefaultPrettyPrinter().writeValueAsString(content) + "\n");
  }

  private List<JobResult.Artifact> artifacts() throws IOException {
    List<JobResult.Artifact> artifacts = new ArrayList<>();
    try (Stream<Path> files = Files.walk(context.artifactDirectory()).sorted()) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        context.ensureHeld();
        WrittenFile written = described(file);
        artifacts.add(
            new JobResult.Artifact(
                context.artifactDirectory().relativize(file).toString().replace('\\', '/'),
                written.bytes(),
                written.sha256()));
      }
    }
    return artifacts;
  }

  // What was hashed while it was written is not read again.
  private WrittenFile described(Path file) throws IOException {
    long bytes = Files.size(file);
    return hashed.stream()
        .filter(known -> known.name().equals(file.getFileName().toString()))
        .filter(known -> known.bytes() == bytes)
        .findFirst()
        .orElseGet(() -> WrittenFile.of(file));
  }
}
