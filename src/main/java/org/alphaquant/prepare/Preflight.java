package org.alphaquant.prepare;

import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.CheckpointException;
import org.alphaquant.job.JobPreflight;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.SourceAwayException;
import org.alphaquant.job.SpecProblem;
import org.alphaquant.scheme.InvalidConfigException;
import org.alphaquant.source.SourceException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Checks a job before it is queued, from headers and names alone: the model is there, whole and of
 * a known family, the configuration fits its shapes, the checkpoint format and the engine that is
 * to load it, the texts are readable. All problems are reported at once.
 */
@Component
class Preflight implements JobPreflight {

  private static final Logger log = LoggerFactory.getLogger(Preflight.class);

  private final JobInputs inputs;
  private final JobPreparation preparation;

  Preflight(JobInputs inputs, JobPreparation preparation) {
    this.inputs = inputs;
    this.preparation = preparation;
  }

  @Override
  public List<SpecProblem> check(JobSpec spec) {
    List<SpecProblem> problems = new ArrayList<>();
    checkModel(spec, problems);
    attempt(problems, "/calibration", spec.calibration().path(), () -> inputs.calibration(spec));
    attempt(
        problems,
        "/evaluation/perplexity/path",
        spec.evaluation() == null || spec.evaluation().perplexity() == null
            ? null
            : spec.evaluation().perplexity().path(),
        () -> inputs.evaluationText(spec));
    problems.addAll(OutputChoice.problems(spec.output()));
    return problems;
  }

  private void checkModel(JobSpec spec, List<SpecProblem> problems) {
    try (PreparedJob job = preparation.open(spec)) {
      if (!Files.isRegularFile(job.source().folder().resolve("tokenizer.json"))) {
        String detail = "'" + spec.model() + "' has no tokenizer.json";
        problems.add(InputProblems.of("/model", spec.model(), detail));
      }
      job.plan().errors().forEach(error -> problems.add(InputProblems.of(error)));
    } catch (SourceAwayException e) {
      // The run will look at it.
      log.warn("a job is taken without a look at its model: {}", e.getMessage());
    } catch (SourceException | CheckpointException | ModelException e) {
      problems.add(InputProblems.ofModel(spec.model(), spec.modelType(), e));
    } catch (InvalidConfigException e) {
      e.findings().forEach(finding -> problems.add(InputProblems.of(finding)));
    }
  }

  private static void attempt(
      List<SpecProblem> problems, String pointer, String value, Supplier<?> step) {
    try {
      step.get();
    } catch (SourceException | IllegalArgumentException e) {
      problems.add(InputProblems.of(pointer, value, e.getMessage()));
    }
  }
}
