package org.alphaquant.run;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.checkpoint.WrittenFile;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.RunFailure;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.JobPreparation;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.quantize.RunObserver.Phase;
import org.alphaquant.report.RepackCard;
import org.alphaquant.report.RepackReport;
import org.alphaquant.report.ReportedSource;
import org.alphaquant.report.Versions;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.scheme.plan.Plan;
import org.alphaquant.source.ModelLicence;
import org.alphaquant.storage.Plane;
import org.alphaquant.storage.Planes;
import org.alphaquant.storage.PlannedTensor;
import org.alphaquant.storage.QuantizedBatch;
import org.alphaquant.storage.ResultFiles;
import org.alphaquant.storage.StoredResult;
import org.alphaquant.storage.source.ScaledCodes;
import org.alphaquant.storage.source.SourceTensor;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.alphaquant.worker.JobContext;
import tools.jackson.databind.json.JsonMapper;

/**
 * Converts a quantized model to another format, code by code. Every weight is decoded from the new
 * format and must be equal bit for bit, before anything is written and again from the written
 * files.
 */
final class RepackRun {

  private final JobInputs inputs;
  private final JobContext context;
  private final RunProgress progress;
  private PreparedJob job;
  private Plan plan;
  private Torch torch;

  RepackRun(JobInputs inputs, JobContext context) {
    this.inputs = inputs;
    this.context = context;
    this.progress = RunProgress.ofConversion(context);
  }

  JobResult run() throws IOException {
    StageSeconds seconds = new StageSeconds();
    try (PreparedJob prepared = new JobPreparation(inputs).open(context.spec());
        SourceHashes hashes = new SourceHashes(prepared.source());
        Torch opened = OpenDevices.first(context)) {
      job = prepared;
      plan = prepared.plan();
      torch = opened;
      QuantizationRun.requireRunnable(prepared);
      seconds.of("check", () -> each(Phase.PREPARE, this::requireHeldExactly));
      progress.progress(Phase.WRITE, 0, 1);
      List<WrittenFile> hashed = seconds.of("write", this::write);
      try (StoredResult written = plan.format().open(context.artifactDirectory())) {
        StoredWeights stored = new StoredWeights(plan, written);
        seconds.of("verify", () -> each(Phase.WRITE, module -> requireWritten(module, stored)));
      }
      report(
          new ReportedSource(
              context.spec().model(),
              inputs.origin(context.spec().model()),
              plan.source(),
              hashes.all()),
          seconds.soFar());
      return new JobResult(
          null,
          null,
          null,
          plan.bitsPerWeight(),
          new JobResult.Size(plan.sourceBytes(), plan.outputBytes()),
          new ArtifactList(context).of(hashed));
    }
  }

  /** How each quantized module is converted. */
  private interface Step {
    void of(ModuleScheme module);
  }

  private void each(Phase phase, Step step) {
    List<ModuleScheme> modules = plan.content().quantized();
    for (int i = 0; i < modules.size(); i++) {
      context.ensureHeld();
      step.of(modules.get(i));
      progress.progress(phase, i + 1, modules.size());
    }
  }

  private SourceTensor tensor(ModuleScheme module) {
    return job.model().tensor(module.name() + ".weight");
  }

  private void requireHeldExactly(ModuleScheme module) {
    try (TensorScope scope = torch.scope(module.name())) {
      ScaledCodes stored = tensor(module).codes(scope);
      requireScheme(module, stored.scheme());
      Map<String, ByteBuffer> bytes = encoded(scope, module, stored);
      Planes planes =
          new Planes(
              scope,
              module.module().outFeatures(),
              module.module().inFeatures(),
              planes(module),
              suffix -> List.of(bytes.get(suffix)));
      NDArray read = plan.format().codec(module.scheme()).decode(scope, module.scheme(), planes);
      if (!same(scope, stored.dequantized(scope), read)) {
        throw new RunFailure(
            JobError.Kind.USER,
            "not-held-exactly",
            plan.format().inexact(module)
                + "; quantize the model that it was made of with output.format "
                + plan.format().name());
      }
    }
  }

  private void requireWritten(ModuleScheme module, StoredWeights stored) {
    try (TensorScope scope = torch.scope(module.name())) {
      NDArray before = tensor(module).codes(scope).dequantized(scope);
      if (!same(scope, before, stored.decoded(scope, module))) {
        throw new RunFailure(
            JobError.Kind.INTERNAL,
            "checkpoint-mismatch",
            module.name() + " reads back as other numbers than its codes stand for");
      }
    }
  }

  private static void requireScheme(ModuleScheme module, TensorScheme found) {
    if (found.groupSize() != module.scheme().groupSize()) {
      throw new RunFailure(
          JobError.Kind.USER,
          "not-held-exactly",
          "%s is in activation order: neighbouring inputs have different scales, and no other format has a place for that; the nearest is a version without desc_act"
              .formatted(module.name()));
    }
  }

  // Equal numbers; of zeros the sign does not count.
  private static boolean same(TensorScope scope, NDArray one, NDArray other) {
    return scope.toLongs(scope.run("tensor.differing", one, other))[0] == 0;
  }

  private List<Plane> planes(ModuleScheme module) {
    return plan.format().planes(module, plan.dtype());
  }

  private Map<String, ByteBuffer> encoded(
      TensorScope scope, ModuleScheme module, ScaledCodes stored) {
    NDArray ones = scope.floats(new float[] {1}, 1);
    QuantizedBatch batch =
        new QuantizedBatch(
            one(scope, stored.dequantized(scope)),
            one(scope, stored.codes()),
            one(scope, stored.scale()),
            one(scope, stored.zero()),
            ones,
            ones);
    Map<String, ByteBuffer> bytes = new HashMap<>();
    for (Plane plane : planes(module)) {
      bytes.put(plane.suffix(), scope.toBytes(plane.encoding().encode(scope, batch)));
    }
    return bytes;
  }

  private static NDArray one(TensorScope scope, NDArray array) {
    return scope.run("tensor.stack", new NDList(array));
  }

  private List<WrittenFile> write() {
    Map<String, TensorSource> pieces = new HashMap<>(job.pieces());
    for (ModuleScheme module : plan.content().quantized()) {
      pieces.remove(module.name() + ".weight");
      for (Plane plane : planes(module)) {
        TensorInfo info = plane.of(module.name());
        pieces.put(info.name(), new Repacked(info, plane.suffix(), module));
      }
    }
    List<TensorSource> tensors =
        plan.tensors().stream().map(tensor -> assembled(tensor, pieces)).toList();
    return plan.format()
        .write(
            new ResultFiles(
                context.artifactDirectory(),
                job.source().folder(),
                job.source().links(),
                plan.content(),
                plan.config(),
                plan.tensors(),
                tensors,
                context.spec().output().maxShardBytes()));
  }

  private static TensorSource assembled(PlannedTensor tensor, Map<String, TensorSource> pieces) {
    return tensor.assembly().assemble(tensor, tensor.pieces().stream().map(pieces::get).toList());
  }

  /** A plane that is made when it is written. */
  private final class Repacked implements TensorSource {

    private final TensorInfo info;
    private final String suffix;
    private final ModuleScheme module;

    Repacked(TensorInfo info, String suffix, ModuleScheme module) {
      this.info = info;
      this.suffix = suffix;
      this.module = module;
    }

    @Override
    public TensorInfo info() {
      return info;
    }

    @Override
    public void writeTo(WritableByteChannel channel) throws IOException {
      context.ensureHeld();
      try (TensorScope scope = torch.scope(module.name())) {
        ScaledCodes stored = tensor(module).codes(scope);
        ByteBuffer bytes = encoded(scope, module, stored).get(suffix);
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
      }
    }
  }

  private void report(ReportedSource source, Map<String, Double> seconds) throws IOException {
    Map<String, Long> types =
        plan.content().quantized().stream()
            .collect(
                Collectors.groupingBy(
                    module -> module.scheme().label(), LinkedHashMap::new, Collectors.counting()));
    RepackReport report =
        new RepackReport(
            Versions.all(),
            context.spec().model(),
            job.description().family(),
            source,
            plan.format().name(),
            types,
            plan.bitsPerWeight(),
            seconds);
    Files.writeString(
        context.artifactDirectory().resolve(RepackReport.FILE),
        JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(report) + "\n");
    String licence = ModelLicence.of(job.source().folder()).orElse(null);
    Files.writeString(
        context.artifactDirectory().resolve("README.md"),
        new RepackCard(job, report, licence).markdown());
  }
}
