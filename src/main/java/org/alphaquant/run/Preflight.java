package org.alphaquant.run;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.CheckpointException;
import org.alphaquant.job.JobPreflight;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.SpecProblem;
import org.alphaquant.model.ModelDescription;
import org.alphaquant.model.ModelException;
import org.alphaquant.scheme.Finding;
import org.alphaquant.scheme.InvalidConfigException;
import org.alphaquant.source.SourceException;
import org.springframework.stereotype.Component;

/**
 * Checks a job before it is queued, from headers and names alone: the model is there, whole and of
 * a known family, the configuration fits its shapes, the texts are readable. All problems are
 * reported at once.
 */
@Component
class Preflight implements JobPreflight {

  private final JobInputs inputs;

  Preflight(JobInputs inputs) {
    this.inputs = inputs;
  }

  @Override
  public List<SpecProblem> check(JobSpec spec) {
    List<SpecProblem> problems = new ArrayList<>();
    attempt(problems, "/model", spec.model(), () -> inputs.folder(spec))
        .ifPresent(folder -> checkModel(spec, folder, problems));
    attempt(problems, "/calibration", spec.calibration().path(), () -> inputs.calibration(spec));
    attempt(
        problems,
        "/evaluation/perplexity/path",
        spec.evaluation() == null || spec.evaluation().perplexity() == null
            ? null
            : spec.evaluation().perplexity().path(),
        () -> Optional.ofNullable(inputs.evaluationText(spec)));
    OutputFormat.problem(spec.output()).ifPresent(problems::add);
    return problems;
  }

  private void checkModel(JobSpec spec, Path folder, List<SpecProblem> problems) {
    if (!Files.isRegularFile(folder.resolve("tokenizer.json"))) {
      problems.add(problem("/model", spec.model(), "'" + spec.model() + "' has no tokenizer.json"));
    }
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      String pointer = spec.modelType() == null ? "/model" : "/model_type";
      String value = spec.modelType() == null ? spec.model() : spec.modelType();
      attempt(problems, pointer, value, () -> inputs.describe(spec, checkpoint))
          .ifPresent(description -> checkConfig(spec, description, problems));
    } catch (CheckpointException e) {
      problems.add(problem("/model", spec.model(), e.getMessage()));
    }
  }

  private void checkConfig(JobSpec spec, ModelDescription description, List<SpecProblem> problems) {
    try {
      inputs.resolve(spec, description).errors().forEach(e -> problems.add(problem(e)));
    } catch (InvalidConfigException e) {
      e.findings().forEach(finding -> problems.add(problem(finding)));
    }
  }

  private static <T> Optional<T> attempt(
      List<SpecProblem> problems, String pointer, String value, Supplier<T> step) {
    try {
      return Optional.of(step.get());
    } catch (SourceException | ModelException | CheckpointException e) {
      problems.add(problem(pointer, value, e.getMessage()));
    } catch (IllegalArgumentException e) {
      problems.add(problem(pointer, value, e.getMessage()));
    }
    return Optional.empty();
  }

  private static SpecProblem problem(Finding finding) {
    Finding below = finding.below("/config");
    return new SpecProblem(below.pointer(), below.value(), below.detail(), below.allowed());
  }

  private static SpecProblem problem(String pointer, String value, String detail) {
    return new SpecProblem(pointer, value, detail, List.of());
  }
}
