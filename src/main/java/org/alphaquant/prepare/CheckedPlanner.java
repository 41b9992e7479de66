package org.alphaquant.prepare;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.calibration.MissingTokenizer;
import org.alphaquant.checkpoint.CheckpointException;
import org.alphaquant.contract.Candidate;
import org.alphaquant.contract.Search;
import org.alphaquant.job.CalibrationRequest;
import org.alphaquant.job.EvaluationRequest;
import org.alphaquant.job.JobKind;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.RefusedException;
import org.alphaquant.job.TextRequest;
import org.alphaquant.job.plan.JobPlan;
import org.alphaquant.job.plan.JobPlanner;
import org.alphaquant.problem.Problem;
import org.alphaquant.scheme.InvalidConfigException;
import org.alphaquant.source.SourceException;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;

/**
 * Plans a job from headers and names alone, after all checks that need no weights: the model
 * exists, is complete and of a known family; the configuration fits its shapes, the checkpoint
 * format and the target runtime; the texts are readable. All problems are reported together.
 */
@Component
class CheckedPlanner implements JobPlanner {

  private final JobInputs inputs;
  private final JobPreparation preparation;
  private final ObjectProvider<TokenizerTrial> trial;
  private final ObjectProvider<TextTrial> texts;

  CheckedPlanner(
      JobInputs inputs,
      JobPreparation preparation,
      ObjectProvider<TokenizerTrial> trial,
      ObjectProvider<TextTrial> texts) {
    this.inputs = inputs;
    this.preparation = preparation;
    this.trial = trial;
    this.texts = texts;
  }

  @Override
  public JobPlan plan(JobSpec spec) {
    List<Problem> problems = new ArrayList<>();
    if (spec.kind() != JobKind.EVALUATION) {
      checkCalibration(spec.calibration(), problems);
    }
    if (spec.traffic() != null) {
      spec.traffic()
          .file()
          .ifPresent(
              file ->
                  attempt(
                      problems,
                      "/traffic/expert_counts",
                      file.source(),
                      () -> inputs.requireText(file)));
    }
    if (spec.evaluation() != null) {
      checkEvaluation(spec.evaluation(), problems);
    }
    problems.addAll(OutputChoice.problems(spec.output()));
    if (spec.contract() != null) {
      return contract(spec, problems);
    }
    JobPlan plan = planned(spec, problems);
    if (!problems.isEmpty()) {
      throw new RefusedException(problems);
    }
    return plan;
  }

  // The plan of the largest candidate: the result has at most its bytes.
  private JobPlan contract(JobSpec spec, List<Problem> problems) {
    problems.addAll(ContractCandidates.problems(spec));
    if (!problems.isEmpty()) {
      throw new RefusedException(problems);
    }
    List<Problem> refused = new ArrayList<>();
    List<Candidate> candidates = candidates(spec, refused, problems);
    if (candidates.isEmpty()) {
      throw new RefusedException(
          problems.isEmpty() ? List.of(InputProblems.ofContract(refused.get(0))) : problems);
    }
    Candidate largest = candidates.stream().max(Comparator.comparingLong(Candidate::bytes)).get();
    JobPlan plan = plan(spec.trial(largest.config()));
    return plan.with(
        Problem.note(
            "contract",
            "/contract",
            null,
            "%d plans from %,d bytes on can be tried; this is the largest. Each one that is tried takes the minutes said here; %d or %d are likely%s."
                .formatted(
                    candidates.size(),
                    candidates.stream().mapToLong(Candidate::bytes).min().getAsLong(),
                    Search.steps(candidates.size()) - 1,
                    Search.steps(candidates.size()),
                    spec.contract().mixes()
                        ? ", and %d more with mixes of formats, the first of which measures what each format costs"
                            .formatted(Search.MIXES)
                        : "")));
  }

  private List<Candidate> candidates(JobSpec spec, List<Problem> refused, List<Problem> problems) {
    try {
      return new ContractCandidates(preparation).of(spec, refused);
    } catch (SourceException | CheckpointException | ModelException e) {
      problems.add(InputProblems.ofModel(spec.model(), spec.modelType(), e));
    } catch (InvalidConfigException e) {
      e.findings().forEach(finding -> problems.add(InputProblems.of(finding)));
    }
    return List.of();
  }

  // Null where there are problems.
  private JobPlan planned(JobSpec spec, List<Problem> problems) {
    boolean quantizes = spec.kind() != JobKind.EVALUATION;
    try (PreparedJob job = preparation.open(spec)) {
      problems.addAll(ofModel(job));
      // Of a model that is only measured there is no result that something could speak against.
      List<Problem> errors = quantizes ? job.plan().errors() : List.of();
      // A repacked model's schemes are its source's, not a configuration's.
      boolean repacks = spec.kind() == JobKind.REPACK;
      errors.forEach(
          error ->
              problems.add(
                  repacks
                      ? InputProblems.of("/model", spec.model(), error.detail())
                      : InputProblems.of(error)));
      problems.addAll(new CoveragePlan(job).problems());
      problems.addAll(new RotationPlan(job).problems());
      problems.addAll(new LadderPlan(job).problems());
      problems.addAll(new TrafficPlan(job, inputs).problems());
      DistillPlan.of(job).ifPresent(training -> problems.addAll(training.problems()));
      if (problems.isEmpty()) {
        AllocationPlan.of(job).ifPresent(choice -> problems.addAll(choice.problems()));
        problems.addAll(new AdaptivePlan(job).problems());
      }
      // Last, and only for a job that is sound otherwise: it takes longest.
      return problems.isEmpty() ? withTokenizer(job, problems) : null;
    } catch (SourceException | CheckpointException | ModelException e) {
      problems.add(InputProblems.ofModel(spec.model(), spec.modelType(), e));
    } catch (InvalidConfigException e) {
      e.findings().forEach(finding -> problems.add(InputProblems.of(finding)));
    }
    return null;
  }

  private JobPlan withTokenizer(PreparedJob job, List<Problem> problems) {
    TokenizerTrial.Verdict verdict =
        trial
            .getIfAvailable(() -> CheckedPlanner::notTried)
            .of(job.source().folder(), job.description().vocabulary());
    return switch (verdict.outcome()) {
      case USABLE -> counted(job, problems);
      case NOT_TRIED ->
          PlanAnswer.of(
              job,
              Stream.concat(
                      Stream.of(notTried(job.spec(), verdict.detail())),
                      new TrafficPlan(job, inputs).notes().stream())
                  .toList(),
              Optional.empty());
      case REFUSED -> {
        problems.add(InputProblems.of("/model", job.spec().model(), verdict.detail()));
        yield null;
      }
    };
  }

  private JobPlan counted(PreparedJob job, List<Problem> problems) {
    Path folder = job.source().folder();
    // A kept calibration has its text counted already.
    Optional<TokenCount> count =
        job.spec().calibration().id() != null
            ? Optional.empty()
            : inputs
                .filesHere(job.spec())
                .flatMap(
                    files ->
                        Optional.ofNullable(texts.getIfAvailable())
                            .flatMap(trial -> trial.of(folder, job.spec(), files)));
    count
        .filter(it -> it.problem() != null)
        .ifPresent(it -> problems.add(InputProblems.of(it.pointer(), null, it.problem())));
    if (!problems.isEmpty()) {
      return null;
    }
    List<Problem> more = new ArrayList<>(count.map(CheckedPlanner::shortages).orElse(List.of()));
    more.addAll(new TrafficPlan(job, inputs).notes());
    more.addAll(beyondContext(job));
    return PlanAnswer.of(job, more, count);
  }

  // Rotary embeddings go on beyond it, but no such position was trained.
  private static List<Problem> beyondContext(PreparedJob job) {
    long context = job.description().contextLength();
    int length = job.spec().calibration().sequenceLength();
    return context == 0 || length <= context
        ? List.of()
        : List.of(
            Problem.warning(
                "beyond-context",
                "/calibration/sequence_length",
                length,
                "samples of %d tokens are longer than the model's context of %d (max_position_embeddings)"
                    .formatted(length, context)));
  }

  private static List<Problem> shortages(TokenCount count) {
    return count.shortages().stream()
        .map(shortage -> Problem.warning("too-little-text", pointer(shortage), null, shortage))
        .toList();
  }

  private static String pointer(String shortage) {
    return shortage.startsWith("too little evaluation text") ? "/evaluation" : "/calibration";
  }

  private static TokenizerTrial.Verdict notTried(Path folder, long vocabulary) {
    return TokenizerTrial.Verdict.notTried(
        "no runner may be started here (alphaquant.preflight.runner)");
  }

  private static Problem notTried(JobSpec spec, String reason) {
    String detail = "The tokenizer was not tried: " + reason + ". The run will tell.";
    return Problem.note("tokenizer-not-tried", "/model", spec.model(), detail);
  }

  private static List<Problem> ofModel(PreparedJob job) {
    List<Problem> problems = new ArrayList<>();
    String model = job.spec().model();
    MissingTokenizer.of(job.source().folder(), model)
        .ifPresent(message -> problems.add(InputProblems.of("/model", model, message)));
    job.changed()
        .ifPresent(
            detail ->
                problems.add(
                    InputProblems.of("/source_sha256", job.spec().sourceSha256(), detail)));
    return problems;
  }

  private void checkEvaluation(EvaluationRequest evaluation, List<Problem> problems) {
    if (evaluation.perplexity() != null) {
      EvaluationRequest.Perplexity perplexity = evaluation.perplexity();
      attempt(
          problems,
          "/evaluation/perplexity/path",
          perplexity.path(),
          () -> inputs.requireText(perplexity.source()));
    }
    if (evaluation.choices() != null) {
      EvaluationRequest.Choices choices = evaluation.choices();
      attempt(
          problems,
          "/evaluation/choices/path",
          choices.path(),
          () -> inputs.requireText(choices.source()));
    }
    if (evaluation.reference() != null) {
      attempt(
          problems,
          "/evaluation/reference",
          evaluation.reference(),
          () -> inputs.folder(evaluation.reference(), null));
    }
  }

  private void checkCalibration(CalibrationRequest calibration, List<Problem> problems) {
    List<TextRequest> files = calibration.files();
    for (int i = 0; i < files.size(); i++) {
      TextRequest file = files.get(i);
      String pointer =
          calibration.sources() == null ? "/calibration" : "/calibration/sources/" + i + "/source";
      attempt(problems, pointer, file.source(), () -> inputs.requireText(file));
    }
  }

  private static void attempt(List<Problem> problems, String pointer, String value, Runnable step) {
    try {
      step.run();
    } catch (SourceException | IllegalArgumentException e) {
      problems.add(InputProblems.of(pointer, value, e.getMessage()));
    }
  }
}
