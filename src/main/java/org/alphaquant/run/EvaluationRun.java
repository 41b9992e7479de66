package org.alphaquant.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.calibration.Tokenizer;
import org.alphaquant.chat.ModelChat;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.WrittenFile;
import org.alphaquant.estimate.MemoryPlan;
import org.alphaquant.estimate.ModelShape;
import org.alphaquant.estimate.PeakMemory;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.RunFailure;
import org.alphaquant.model.ModelFamilies;
import org.alphaquant.model.block.WeightOverlay;
import org.alphaquant.prepare.EvaluationInputs;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.SourceDigest;
import org.alphaquant.report.EvaluationReport;
import org.alphaquant.report.ReportedSource;
import org.alphaquant.report.Versions;
import org.alphaquant.torch.Torch;
import org.alphaquant.worker.JobContext;
import tools.jackson.databind.json.JsonMapper;

/** Measures a checkpoint, alone or against a reference, and writes the figures. */
final class EvaluationRun {

  private final JobInputs inputs;
  private final JobContext context;
  private final JobSpec spec;

  EvaluationRun(JobInputs inputs, JobContext context) {
    this.inputs = inputs;
    this.context = context;
    this.spec = context.spec();
  }

  JobResult run() throws IOException {
    try (Checkpoint checkpoint = inputs.checkpoint(spec.model(), spec.revision());
        SourceHashes hashes = hashes(checkpoint);
        Tokenizer tokenizer = QuantizationRun.tokenizer(context, checkpoint);
        Torch torch = OpenDevices.first(context)) {
      ModelDescription description = ModelFamilies.describe(checkpoint, spec.modelType());
      context.unit("reading the chat template");
      Optional<ModelChat> chat = ModelChat.of(checkpoint.folder(), checkpoint.links()::open);
      context.unit("encoding the evaluation text");
      EvaluationInputs texts = EvaluationTexts.of(inputs, spec, tokenizer, chat, Set.of());
      Vocabulary.require(texts, tokenizer, description);
      Measuring.Subject subject =
          new Measuring.Subject(checkpoint, description, WeightOverlay.NONE);
      ReadSource source = new ReadSource(spec.model(), hashes);
      return spec.evaluation().reference() == null
          ? measured(torch, texts, subject, null, List.of(source))
          : compared(torch, texts, subject, source);
    }
  }

  /** A model that is read, and the hashes of its files. */
  private record ReadSource(String name, SourceHashes hashes) {}

  private SourceHashes hashes(Checkpoint checkpoint) {
    String wanted = spec.sourceSha256();
    String found = SourceDigest.ofHeaders(checkpoint);
    if (wanted != null && !wanted.equals(found)) {
      throw new RunFailure(
          JobError.Kind.USER,
          "source-changed",
          "the headers of '%s' have the SHA-256 %s, not %s; it has changed since it was planned"
              .formatted(spec.model(), found, wanted));
    }
    return new SourceHashes(checkpoint);
  }

  private ReportedSource reported(ReadSource source, Measuring.Subject subject) {
    return new ReportedSource(
        source.name(),
        inputs.origin(source.name()),
        SourceDigest.ofHeaders(subject.checkpoint()),
        source.hashes().all());
  }

  private JobResult compared(
      Torch torch, EvaluationInputs texts, Measuring.Subject subject, ReadSource source)
      throws IOException {
    String name = spec.evaluation().reference();
    try (Checkpoint checkpoint = inputs.checkpoint(name, null);
        SourceHashes hashes = new SourceHashes(checkpoint)) {
      ModelDescription description = ModelFamilies.describe(checkpoint, null);
      if (description.vocabulary() != subject.description().vocabulary()
          || description.layers() != subject.description().layers()) {
        throw new RunFailure(
            JobError.Kind.USER,
            "unusable-input",
            "'%s' has %d layers and a vocabulary of %d, '%s' %d and %d; only models of one shape can be compared"
                .formatted(
                    spec.model(),
                    subject.description().layers(),
                    subject.description().vocabulary(),
                    spec.evaluation().reference(),
                    description.layers(),
                    description.vocabulary()));
      }
      return measured(
          torch,
          texts,
          subject,
          new Measuring.Subject(checkpoint, description, WeightOverlay.NONE),
          List.of(source, new ReadSource(name, hashes)));
    }
  }

  private JobResult measured(
      Torch torch,
      EvaluationInputs texts,
      Measuring.Subject subject,
      Measuring.Subject reference,
      List<ReadSource> sources)
      throws IOException {
    RunProgress progress = new RunProgress(context, new RunProgress.Tokens(0, texts.tokens()));
    MemoryPlan memory = memory(torch, subject.description(), texts);
    PeakMemory peak = new PeakMemory(List.of(torch));
    StageSeconds seconds = new StageSeconds();
    Path outputs = context.attemptDirectory().resolve("source-outputs");
    Measuring measuring = new Measuring(torch, texts, outputs, progress, memory, peak, seconds);
    Figures figures =
        reference == null
            ? Figures.of(null, measuring.alone(subject, context::ensureNotDraining), null)
            : measuring.after(
                subject,
                measuring.before(reference, context::ensureNotDraining),
                context::ensureNotDraining);
    texts.warnings().forEach(progress::warning);
    WrittenFile report =
        write(
            torch.kind(),
            subject.description(),
            reported(sources.get(0), subject),
            reference == null ? null : reported(sources.get(1), reference),
            figures,
            seconds.soFar(),
            peak.peak(memory),
            texts);
    return new JobResult(
        figures.perplexity(),
        figures.divergence(),
        figures.choices(),
        null,
        null,
        List.of(new JobResult.Artifact(EvaluationReport.FILE, report.bytes(), report.sha256())));
  }

  private static MemoryPlan memory(
      Torch torch, ModelDescription description, EvaluationInputs texts) {
    return new MemoryPlan(
        new ModelShape(description, texts.tokens()).largest(),
        torch.freeDeviceMemory().orElse(0),
        0);
  }

  private WrittenFile write(
      String device,
      ModelDescription description,
      ReportedSource source,
      ReportedSource reference,
      Figures figures,
      Map<String, Double> seconds,
      PeakMemory.Peak peak,
      EvaluationInputs texts)
      throws IOException {
    EvaluationReport report =
        new EvaluationReport(
            Versions.on(device),
            spec.model(),
            spec.evaluation().reference(),
            description.family(),
            source,
            reference,
            texts.texts(),
            figures.perplexity(),
            figures.divergence(),
            figures.choices(),
            seconds,
            peak,
            texts.warnings());
    Path file = context.artifactDirectory().resolve(EvaluationReport.FILE);
    Files.writeString(
        file,
        JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(report) + "\n");
    context.ensureHeld();
    return WrittenFile.of(file);
  }
}
