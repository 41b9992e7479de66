package org.alphaquant.job;

import static org.alphaquant.job.Limits.orElse;
import static org.alphaquant.job.Limits.size;
import static org.alphaquant.job.Limits.text;
import static org.alphaquant.job.Limits.textOrNull;
import static org.alphaquant.job.Limits.within;

import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * A job as a client requests it. Only {@code model} is required; defaults of all other fields are
 * filled in here, so that a stored specification holds everything that a run depends on.
 *
 * @param kind kind of work; quantization by default
 * @param recipe the method; by default {@link Recipe#MOE}, or {@link Recipe#DISTILL} where {@code
 *     distill} is given
 * @param model folder below one of the allowed roots, a model of the hub ({@code org/name} or
 *     {@code hf://org/name}), or a folder of a store ({@code s3://store/path})
 * @param revision the hub model's branch, tag or commit; a stored specification has the commit, or
 *     the hash of the store's objects
 * @param modelType family to read the checkpoint as; null takes the checkpoint's own
 * @param config the quantization configuration as the client wrote it; null takes the default one
 * @param budget size limit of the result, for {@link Recipe#ALLOCATE} and {@link Recipe#DISTILL}
 * @param contract requirements of the result; the service searches for the smallest plan that
 *     satisfies them
 * @param adaptive schemes for experts that calibration uses rarely or often; the last matching rule
 *     counts
 * @param rotation rotation fused into the weights before quantization; null for none
 * @param ladder several sizes from one calibration, each with its own result; null for one result
 * @param traffic which experts real traffic uses, which the result is fitted to; null for none
 * @param gptq the solver's settings; the recipe's by default
 * @param distill training settings; null except with the recipe {@link Recipe#DISTILL}
 * @param priority -100 to 100; higher runs earlier
 * @param labels up to 16 pairs of the client's own, to filter lists by
 * @param expiresIn seconds from the job's end to its deletion with all its files; null for the
 *     service's own time
 * @param webhook receiver of the job's state changes; null for none
 * @param sourceSha256 SHA-256 of the source's headers and config.json as in the plan; null pins the
 *     source as it is when the job is posted
 * @param strictPatterns whether an override whose pattern matches no module is an error
 */
@JsonNaming(SnakeCaseStrategy.class)
public record JobSpec(
    JobKind kind,
    Recipe recipe,
    String model,
    String revision,
    String modelType,
    JsonNode config,
    Budget budget,
    ContractRequest contract,
    List<AdaptiveRule> adaptive,
    RotationRequest rotation,
    List<LadderStep> ladder,
    TrafficRequest traffic,
    GptqRequest gptq,
    DistillRequest distill,
    CalibrationRequest calibration,
    EvaluationRequest evaluation,
    OutputRequest output,
    ResourcesRequest resources,
    Integer priority,
    Map<String, String> labels,
    Long expiresIn,
    WebhookRequest webhook,
    String sourceSha256,
    Boolean strictPatterns) {

  /** The version written beside a stored specification; raised when a field changes its meaning. */
  public static final int VERSION = 1;

  public JobSpec {
    kind = orElse(kind, JobKind.QUANTIZATION);
    recipe = orElse(recipe, distill == null ? Recipe.MOE : Recipe.DISTILL);
    if (recipe == Recipe.DISTILL) {
      distill = distill == null ? DistillRequest.defaults() : distill;
    } else if (distill != null) {
      throw new SpecException(
          "distill",
          "given with the recipe " + recipe.jsonName(),
          "left out, or the recipe distill");
    }
    text("model", model, 512);
    textOrNull("revision", revision, 200);
    textOrNull("model_type", modelType, 64);
    if (config != null && config.isNull()) {
      config = null;
    }
    if (config != null && !config.isObject()) {
      throw new SpecException("config", config, "a JSON object");
    }
    config = config == null ? null : config.deepCopy();
    adaptive = adaptive == null ? List.of() : List.copyOf(adaptive);
    size("adaptive", adaptive, 0, 16);
    gptq = recipe.complete(gptq == null ? GptqRequest.OPEN : gptq);
    calibration =
        (calibration == null ? CalibrationRequest.defaults() : calibration)
            .sequentially(
                ladder == null
                    && (calibration == null || calibration.id() == null)
                    && kind != JobKind.CALIBRATION);
    distill = distill == null ? null : distill.of(calibration.sequenceLength());
    output = output == null ? new OutputRequest(null, null, null, null, null, null) : output;
    output = kind == JobKind.REPACK ? output.forRepacking() : output;
    resources = resources == null ? new ResourcesRequest(null, null) : resources;
    priority = (int) within("priority", orElse(priority, 0), -100, 100);
    strictPatterns = orElse(strictPatterns, false);
    labels = checkedLabels(labels);
    if (sourceSha256 != null && !sourceSha256.matches("[0-9a-f]{64}")) {
      throw new SpecException("source_sha256", sourceSha256, "64 lower-case hexadecimal digits");
    }
    if (expiresIn != null) {
      within("expires_in", expiresIn, 60, 315_360_000);
    }
    JobRules.requireBudget(recipe, budget);
    JobRules.requireAdaptive(kind, adaptive, budget, contract, calibration);
    JobRules.requireKind(kind, recipe, config, evaluation);
    JobRules.requireContract(kind, budget, contract, evaluation);
    JobRules.requireCalibration(kind, recipe, calibration);
    JobRules.requireLadder(ladder, contract, adaptive);
    JobRules.requireUnrotated(rotation, ladder != null, kind, calibration);
    JobRules.requireTraffic(kind, traffic);
    ladder = JobLadder.checked(ladder, kind, recipe, calibration);
  }

  /** A job for this model with everything else left to the defaults. */
  public static JobSpec of(String model) {
    return new JobSpec(
        model, null, null, null, null, null, null, null, null, null, null, null, null, null, null);
  }

  /** A quantization by the usual recipe. */
  public JobSpec(
      String model,
      String revision,
      String modelType,
      JsonNode config,
      GptqRequest gptq,
      CalibrationRequest calibration,
      EvaluationRequest evaluation,
      OutputRequest output,
      ResourcesRequest resources,
      Integer priority,
      Map<String, String> labels,
      Long expiresIn,
      WebhookRequest webhook,
      String sourceSha256,
      Boolean strictPatterns) {
    this(
        null,
        null,
        model,
        revision,
        modelType,
        config,
        null,
        null,
        null,
        null,
        null,
        null,
        gptq,
        null,
        calibration,
        evaluation,
        output,
        resources,
        priority,
        labels,
        expiresIn,
        webhook,
        sourceSha256,
        strictPatterns);
  }

  /** The same specification, with the model pinned to a commit. */
  public JobSpec at(String model, String revision) {
    return copy().model(model).revision(revision).spec();
  }

  /** The same specification, valid only for a source with these headers. */
  public JobSpec on(String sourceSha256) {
    return copy().sourceSha256(sourceSha256).spec();
  }

  /** The same with another configuration. */
  public JobSpec configured(JsonNode config) {
    return copy().config(config).spec();
  }

  /** The same with traffic that is counted. */
  public JobSpec withTraffic(TrafficRequest counted) {
    return copy().traffic(counted).spec();
  }

  /** The same without the calibration's inline texts, for answers that need not repeat them. */
  public JobSpec withoutTexts() {
    return copy().calibration(calibration.withoutTexts()).spec();
  }

  /** The same as a job of this kind, unless it is one already. */
  public JobSpec as(JobKind other) {
    return copy().kind(other).spec();
  }

  /** The calibration that all sizes of its ladder share. */
  public JobSpec calibrationOfLadder() {
    return JobLadder.calibration(this);
  }

  /**
   * The job of one size of its ladder.
   *
   * @param calibration of all sizes
   */
  public JobSpec step(LadderStep step, CalibrationRequest calibration) {
    return JobLadder.step(this, step, calibration);
  }

  /** A mutable copy; {@code spec()} validates it again. */
  JobSpecCopy copy() {
    return new JobSpecCopy(this);
  }

  /**
   * One plan of a contract's search: the same with this configuration, and measured by the search.
   */
  public JobSpec trial(JsonNode config) {
    return copy().config(config).contract(null).ladder(null).evaluation(null).spec();
  }

  /**
   * One that reads all text that a contract's search does, where mixes of formats are tried: their
   * costs are measured on text beside the calibration's.
   */
  public JobSpec searching() {
    return contract.mixes() ? trial(config, Budget.ofBits(4)) : this;
  }

  /** The same with formats chosen within a budget. */
  public JobSpec trial(JsonNode config, Budget budget) {
    return copy()
        .recipe(recipe == Recipe.DISTILL ? Recipe.DISTILL : Recipe.ALLOCATE)
        .config(config)
        .budget(budget)
        .contract(null)
        .ladder(null)
        .evaluation(null)
        .spec();
  }

  /** The same, measured on a part of its text; questions belong to the second half. */
  public JobSpec measuredOn(TextPart part) {
    EvaluationRequest half =
        new EvaluationRequest(
            evaluation.perplexity().part(part),
            evaluation.divergence(),
            part == TextPart.SECOND_HALF ? evaluation.choices() : null,
            null);
    return copy().contract(null).ladder(null).evaluation(half).spec();
  }

  private static Map<String, String> checkedLabels(Map<String, String> labels) {
    if (labels == null) {
      return Map.of();
    }
    size("labels", labels.keySet(), 0, 16);
    labels.forEach(
        (name, value) -> {
          text("labels", name, 64);
          text("labels/" + name.replace("~", "~0").replace("/", "~1"), value, 512);
        });
    return Map.copyOf(labels);
  }
}
