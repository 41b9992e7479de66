package org.alphaquant.run;

import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.alphaquant.calibration.Tokenizer;
import org.alphaquant.chat.ModelChat;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Links;
import org.alphaquant.estimate.MemoryPlan;
import org.alphaquant.estimate.ModelShape;
import org.alphaquant.estimate.PeakMemory;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.TextPart;
import org.alphaquant.model.ModelFolder;
import org.alphaquant.model.block.WeightOverlay;
import org.alphaquant.prepare.EvaluationInputs;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.JobPreparation;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.storage.StoredResult;
import org.alphaquant.torch.Torch;
import org.alphaquant.worker.JobContext;

/** Measures written results against their source, on either half of the evaluation text. */
final class Proving {

  private final JobInputs inputs;
  private final JobContext context;
  private final Map<TextPart, Measured> source = new EnumMap<>(TextPart.class);

  Proving(JobInputs inputs, JobContext context) {
    this.inputs = inputs;
    this.context = context;
  }

  /**
   * Measures a result; its source is measured once for each half.
   *
   * @param spec that the result was made by
   * @param folder of the result
   * @param done fraction of the job
   */
  Figures measured(JobSpec spec, Path folder, TextPart half, double done) throws IOException {
    try (PreparedJob job = new JobPreparation(inputs).open(spec);
        Tokenizer tokenizer = QuantizationRun.tokenizer(context, job.source());
        Torch torch = OpenDevices.first(context);
        StoredResult written = job.plan().format().open(folder);
        Checkpoint read = ModelFolder.open(folder, Links.OWN)) {
      Measuring measuring = measuring(torch, job, texts(job, tokenizer, half), half, done);
      if (!source.containsKey(half)) {
        source.put(
            half,
            measuring.before(
                new Measuring.Subject(job.source(), job.description(), WeightOverlay.NONE),
                context::ensureNotDraining));
      }
      Measuring.Subject result =
          new Measuring.Subject(read, job.description(), new StoredWeights(job.plan(), written));
      return measuring.after(result, source.get(half), context::ensureNotDraining);
    }
  }

  private EvaluationInputs texts(PreparedJob job, Tokenizer tokenizer, TextPart half) {
    context.unit("encoding the evaluation text");
    Optional<ModelChat> chat = ModelChat.of(job.source().folder());
    JobSpec whole = context.spec();
    EvaluationInputs texts =
        EvaluationTexts.of(inputs, whole.measuredOn(half), tokenizer, chat, Set.of());
    Vocabulary.require(texts, tokenizer, job.description());
    return texts;
  }

  private Measuring measuring(
      Torch torch, PreparedJob job, EvaluationInputs texts, TextPart half, double done) {
    MemoryPlan memory =
        new MemoryPlan(
            new ModelShape(job.description(), texts.tokens()).largest(),
            torch.freeDeviceMemory().orElse(0),
            context.earlierResourceFailures());
    return new Measuring(
        torch,
        texts,
        context.attemptDirectory().resolve("source-" + half.name().toLowerCase(Locale.ROOT)),
        new RunProgress(
            new TrialContext(context, job.spec(), half.name(), Map.of(), done, done),
            new RunProgress.Tokens(0, texts.tokens())),
        memory,
        new PeakMemory(List.of(torch)),
        new StageSeconds());
  }
}
