package org.alphaquant.run;

import java.io.IOException;
import java.nio.file.FileSystemException;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.calibration.CalibrationException;
import org.alphaquant.calibration.CalibrationSamples;
import org.alphaquant.calibration.EvaluationText;
import org.alphaquant.calibration.Tokenizer;
import org.alphaquant.checkpoint.CheckpointException;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.RunFailure;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.JobPreparation;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.prepare.RunInputs;
import org.alphaquant.scheme.InvalidConfigException;
import org.alphaquant.source.SourceException;
import org.alphaquant.torch.Torch;
import org.alphaquant.torch.TorchOutOfMemoryException;
import org.alphaquant.worker.JobContext;
import org.alphaquant.worker.JobRunner;
import org.springframework.stereotype.Component;

/** One quantization, from the source checkpoint to the result's folder. */
@Component
class QuantizationRun implements JobRunner {

  private final JobInputs inputs;

  QuantizationRun(JobInputs inputs) {
    this.inputs = inputs;
  }

  @Override
  public JobResult run(JobContext context) throws IOException {
    try {
      return quantize(context);
    } catch (TorchOutOfMemoryException e) {
      throw new RunFailure(JobError.Kind.RESOURCE, "out-of-memory", e.getMessage(), e);
    } catch (CheckpointException e) {
      if (isOfTheDisk(e, context)) {
        throw new IOException(e.getMessage(), e);
      }
      throw new RunFailure(JobError.Kind.USER, "unusable-input", e.getMessage(), e);
    } catch (SourceException | ModelException | CalibrationException | InvalidConfigException e) {
      throw new RunFailure(JobError.Kind.USER, "unusable-input", e.getMessage(), e);
    }
  }

  // A disk that fails, and files of the service's own that are gone, are no mistake of the user's.
  private static boolean isOfTheDisk(CheckpointException e, JobContext context) {
    return e.kind() == CheckpointException.Kind.NOT_WRITTEN
        || e.getCause() instanceof FileSystemException
        || e.file().filter(file -> file.startsWith(context.attemptDirectory())).isPresent();
  }

  private JobResult quantize(JobContext context) throws IOException {
    JobSpec spec = context.spec();
    JobInputs inputs = this.inputs.with(context.sources());
    try (PreparedJob job = new JobPreparation(inputs).open(spec);
        Tokenizer tokenizer = Tokenizer.open(job.source().folder());
        Torch torch = Torch.open(context.device())) {
      requireRunnable(job);
      CalibrationSamples samples = CalibrationSamples.collect(inputs.calibration(spec), tokenizer);
      RunInputs run = new RunInputs(job, samples, windows(inputs, spec, tokenizer));
      return new RunPhases(context, torch, run).run();
    }
  }

  private static void requireRunnable(PreparedJob job) {
    if (!job.plan().errors().isEmpty()) {
      throw new InvalidConfigException(job.plan().errors());
    }
    job.changed()
        .ifPresent(
            detail -> {
              throw new RunFailure(JobError.Kind.USER, "source-changed", detail);
            });
  }

  private static long[][] windows(JobInputs inputs, JobSpec spec, Tokenizer tokenizer) {
    return inputs.evaluationText(spec) == null
        ? new long[0][]
        : EvaluationText.read(inputs.evaluationText(spec), tokenizer)
            .windows(spec.evaluation().perplexity().window());
  }
}
