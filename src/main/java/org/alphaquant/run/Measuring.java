package org.alphaquant.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntConsumer;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.calibration.Question;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.estimate.MemoryPlan;
import org.alphaquant.estimate.PeakMemory;
import org.alphaquant.evaluation.Choices;
import org.alphaquant.evaluation.Evaluator;
import org.alphaquant.evaluation.OriginalOutputs;
import org.alphaquant.measure.Losses;
import org.alphaquant.model.Model;
import org.alphaquant.model.ModelFamilies;
import org.alphaquant.model.block.WeightOverlay;
import org.alphaquant.prepare.EvaluationInputs;
import org.alphaquant.quantize.RunObserver.Phase;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;

/** Measures a model before and another after, on the job's text and questions. */
final class Measuring {

  private final Torch torch;
  private final EvaluationInputs inputs;
  private final Path outputs;
  private final RunProgress progress;
  private final MemoryPlan memory;
  private final PeakMemory peak;
  private final StageSeconds seconds;

  /**
   * @param outputs folder for the first model's outputs on the compared windows
   * @param seconds receives the duration of each phase
   */
  Measuring(
      Torch torch,
      EvaluationInputs inputs,
      Path outputs,
      RunProgress progress,
      MemoryPlan memory,
      PeakMemory peak,
      StageSeconds seconds) {
    this.torch = torch;
    this.inputs = inputs;
    this.outputs = outputs;
    this.progress = progress;
    this.memory = memory;
    this.peak = peak;
    this.seconds = seconds;
  }

  /** A model to measure. */
  record Subject(Checkpoint checkpoint, ModelDescription description, WeightOverlay overlay) {}

  /** Whether there is anything to measure. */
  boolean isAsked() {
    return inputs.windows().length > 0 || !inputs.questions().isEmpty();
  }

  /** Measures the reference model. */
  Measured before(Subject subject, Runnable betweenLayers) {
    return measure(
        Phase.EVALUATE_BEFORE,
        subject,
        betweenLayers,
        (evaluator, layerDone) -> {
          OriginalOutputs kept = inputs.compared() == 0 ? null : emptied(subject.description());
          return evaluator.keep(inputs.windows(), kept, layerDone);
        });
  }

  /** Measures a model without a reference. */
  Measured alone(Subject subject, Runnable betweenLayers) {
    return measure(
        Phase.EVALUATE_AFTER,
        subject,
        betweenLayers,
        (evaluator, layerDone) -> evaluator.losses(inputs.windows(), layerDone));
  }

  /** Measures a model against the reference. */
  Figures after(Subject subject, Measured before, Runnable betweenLayers) {
    Evaluator.Compared[] compared = new Evaluator.Compared[1];
    Measured after =
        measure(
            Phase.EVALUATE_AFTER,
            subject,
            betweenLayers,
            (evaluator, layerDone) -> {
              if (inputs.compared() == 0) {
                return evaluator.losses(inputs.windows(), layerDone);
              }
              compared[0] =
                  evaluator.compare(inputs.windows(), kept(subject.description()), layerDone);
              return compared[0].losses();
            });
    return Figures.of(before, after, compared[0] == null ? null : compared[0].divergence());
  }

  /** Runs the windows. */
  private interface Windows {
    Losses run(Evaluator evaluator, IntConsumer layerDone);
  }

  private Measured measure(Phase phase, Subject subject, Runnable betweenLayers, Windows windows) {
    return seconds.of(phase.jsonName(), () -> measured(phase, subject, betweenLayers, windows));
  }

  private Measured measured(Phase phase, Subject subject, Runnable betweenLayers, Windows windows) {
    int count = subject.description().layers();
    IntConsumer layerDone =
        layer -> {
          progress.progress(phase, layer + 1, count);
          betweenLayers.run();
        };
    try (TensorScope scope = torch.scope(phase.jsonName())) {
      Model model =
          ModelFamilies.open(subject.checkpoint(), subject.description(), scope, subject.overlay());
      progress.progress(phase, 0, count);
      Evaluator evaluator =
          new Evaluator(scope, model, memory.tokensPerBatch(), memory.logitsBytes());
      Losses losses = inputs.windows().length == 0 ? null : windows.run(evaluator, layerDone);
      List<Boolean> answers = answers(scope, model, betweenLayers);
      peak.look();
      int kept = phase == Phase.EVALUATE_BEFORE ? inputs.compared() : 0;
      return new Measured(losses, answers, kept);
    } finally {
      // Otherwise memory in libtorch's cache from one phase would count as used in the next.
      torch.releaseCachedMemory();
    }
  }

  private List<Boolean> answers(TensorScope scope, Model model, Runnable betweenLayers) {
    List<Question> questions = inputs.questions();
    return questions.isEmpty()
        ? null
        : new Choices(scope, model, memory.tokensPerBatch(), memory.logitsBytes())
            .answers(questions, layer -> betweenLayers.run());
  }

  private OriginalOutputs emptied(ModelDescription description) {
    try {
      Files.createDirectories(outputs);
      return kept(description);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private OriginalOutputs kept(ModelDescription description) {
    long rows = (long) inputs.compared() * inputs.windows()[0].length;
    return new OriginalOutputs(outputs, rows, description.vocabulary());
  }
}
