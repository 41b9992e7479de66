package org.alphaquant.run;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.calibration.CalibrationException;
import org.alphaquant.calibration.CalibrationSamples;
import org.alphaquant.calibration.CalibrationSpec;
import org.alphaquant.calibration.Tokenizer;
import org.alphaquant.chat.ModelChat;
import org.alphaquant.chat.TemplateException;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.CheckpointException;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobKind;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.RunFailure;
import org.alphaquant.prepare.EvaluationInputs;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.prepare.Provenance;
import org.alphaquant.prepare.RunInputs;
import org.alphaquant.prepare.TrafficPlan;
import org.alphaquant.quantize.RunObserver.Phase;
import org.alphaquant.scheme.InvalidConfigException;
import org.alphaquant.source.SourceException;
import org.alphaquant.storage.gguf.GgufException;
import org.alphaquant.torch.Torch;
import org.alphaquant.torch.TorchOutOfMemoryException;
import org.alphaquant.traffic.ExpertCounts;
import org.alphaquant.traffic.TrafficException;
import org.alphaquant.worker.JobContext;
import org.alphaquant.worker.JobRunner;

/** One quantization, from the source checkpoint to the result's folder. */
public final class QuantizationRun implements JobRunner {

  private final JobInputs inputs;

  public QuantizationRun(JobInputs inputs) {
    this.inputs = inputs;
  }

  @Override
  public JobResult run(JobContext context) throws IOException {
    try (RunSession session = new RunSession(context.devices())) {
      return run(context, session);
    }
  }

  /** A run that shares what is open with others of the same model. */
  JobResult run(JobContext context, RunSession session) throws IOException {
    try {
      if (context.spec().contract() != null) {
        return new ContractRun(inputs.with(context.sources()), context, this, session).run();
      }
      if (context.spec().ladder() != null && context.spec().kind() == JobKind.QUANTIZATION) {
        return new LadderRun(inputs.with(context.sources()), context, this, session).run();
      }
      return switch (context.spec().kind()) {
        case QUANTIZATION, CALIBRATION -> quantize(context, session);
        case EVALUATION -> new EvaluationRun(inputs.with(context.sources()), context).run();
        case REPACK -> new RepackRun(inputs.with(context.sources()), context).run();
      };
    } catch (TorchOutOfMemoryException e) {
      throw new RunFailure(JobError.Kind.RESOURCE, "out-of-memory", e.getMessage(), e);
    } catch (CheckpointException e) {
      if (isOfTheDisk(e, context)) {
        throw new IOException(e.getMessage(), e);
      }
      throw new RunFailure(JobError.Kind.USER, "unusable-input", e.getMessage(), e);
    } catch (ModelException e) {
      throw new RunFailure(JobError.Kind.USER, code(e.kind()), e.getMessage(), e);
    } catch (GgufException
        | SourceException
        | CalibrationException
        | TemplateException
        | TrafficException
        | InvalidConfigException e) {
      throw new RunFailure(JobError.Kind.USER, "unusable-input", e.getMessage(), e);
    }
  }

  private static String code(ModelException.Kind kind) {
    return switch (kind) {
      case WEIGHT_NOT_FINITE -> "weight-not-finite";
      case SCALE_OUT_OF_RANGE -> "scale-out-of-range";
      case ACTIVATION_NOT_FINITE -> "activation-not-finite";
      case PERPLEXITY_NOT_FINITE -> "perplexity-not-finite";
      case UNKNOWN_FAMILY, CONFIG, TENSOR, QUANTIZED -> "unusable-input";
    };
  }

  // A failing disk and missing files of the attempt are not user errors.
  private static boolean isOfTheDisk(CheckpointException e, JobContext context) {
    return e.kind() == CheckpointException.Kind.NOT_WRITTEN
        || e.getCause() instanceof FileSystemException
        || e.file().filter(file -> file.startsWith(context.attemptDirectory())).isPresent();
  }

  private JobResult quantize(JobContext context, RunSession session) throws IOException {
    JobSpec spec = context.spec();
    StageSeconds seconds = new StageSeconds();
    JobInputs inputs = this.inputs.with(context.sources());
    KeptFolder kept = KeptFolder.of(context).orElse(null);
    session.open();
    PreparedJob job = seconds.of("prepare", () -> session.job(context, inputs));
    requireRunnable(job);
    if (kept != null) {
      kept.requireFits(job);
    }
    session.hash();
    if (kept == null) {
      session.rehearse();
    }
    Tokenizer tokenizer = seconds.of("tokenize", () -> session.tokenizer(context));
    RunInputs given = seconds.of("tokenize", () -> encoded(context, inputs, job, kept, session));
    RunProgress progress = new RunProgress(context, RunProgress.Tokens.of(spec, given));
    progress.progress(Phase.PREPARE, 0, 1);
    // Before the wait for the devices, which takes longer.
    String early = RunTools.fingerprint(context.device(), spec, given);
    OpenDevices devices = seconds.of("start", () -> session.devices(context));
    Torch first = devices.devices().get(0);
    SelfWriting writing = new SelfWriting(context, first, given, progress);
    RunInputs all =
        writing.isAsked()
            ? seconds.of(Phase.WRITE_TEXT.jsonName(), () -> writing.written(tokenizer))
            : given;
    String fingerprint =
        writing.isAsked() ? RunTools.fingerprint(context.device(), spec, all) : early;
    List<Torch> sharing = devices.sharing(all.samples().samples());
    try (RunPhases phases =
        new RunPhases(
            context, sharing, kept, all, session.hashes(), progress, seconds, fingerprint)) {
      return spec.kind() == JobKind.CALIBRATION ? phases.keep() : phases.run();
    }
  }

  private static RunInputs encoded(
      JobContext context, JobInputs inputs, PreparedJob job, KeptFolder kept, RunSession session) {
    JobSpec spec = context.spec();
    Tokenizer tokenizer = session.tokenizer(context);
    Optional<ModelChat> chat = session.chat(context);
    context.unit("encoding the calibration text");
    CalibrationSamples samples =
        kept == null
            ? CalibrationSamples.collect(inputs.calibration(spec), tokenizer, chat)
            : kept.samples();
    Vocabulary.require(samples.tokens(), tokenizer, job.description());
    context.unit("encoding the text to train on");
    List<CalibrationSpec> wanted = inputs.training(spec);
    Set<Long> seen = new HashSet<>(samples.digests());
    long[][] training = new long[0][];
    if (!wanted.isEmpty()) {
      CalibrationSamples trained = CalibrationSamples.collect(wanted, tokenizer, chat);
      training = trained.tokens();
      seen.addAll(trained.digests());
    }
    Vocabulary.require(training, tokenizer, job.description());
    EvaluationInputs evaluation = session.evaluation(context, inputs, seen);
    Vocabulary.require(evaluation, tokenizer, job.description());
    long[][] heldOut =
        kept == null ? heldOut(inputs, spec, samples, tokenizer, chat) : kept.heldOut(spec);
    Vocabulary.require(heldOut, tokenizer, job.description());
    Provenance provenance = kept == null ? inputs.provenance(spec) : kept.manifest().provenance();
    ExpertCounts traffic = new TrafficPlan(job, inputs).counts().orElse(null);
    return new RunInputs(job, samples, provenance, training, heldOut, evaluation, traffic, null);
  }

  private static long[][] heldOut(
      JobInputs inputs,
      JobSpec spec,
      CalibrationSamples samples,
      Tokenizer tokenizer,
      Optional<ModelChat> chat) {
    List<CalibrationSpec> more = inputs.withHeldOut(spec);
    return more.isEmpty()
        ? new long[0][]
        : HeldOutText.of(
            samples.tokens(),
            CalibrationSamples.collect(more, tokenizer, chat).tokens(),
            JobInputs.heldOutSamples(spec));
  }

  static void requireRunnable(PreparedJob job) {
    if (!job.plan().errors().isEmpty()) {
      throw new InvalidConfigException(job.plan().errors());
    }
    job.changed()
        .ifPresent(
            detail -> {
              throw new RunFailure(JobError.Kind.USER, "source-changed", detail);
            });
  }

  static Tokenizer tokenizer(JobContext context, Checkpoint source) {
    context.unit("reading tokenizer.json");
    return Tokenizer.open(source.folder(), source.links(), context::ensureHeld);
  }
}
