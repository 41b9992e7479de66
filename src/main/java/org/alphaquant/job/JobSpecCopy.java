package org.alphaquant.job;

import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** A specification in the making: that of a job, but for the fields that are set. */
final class JobSpecCopy {

  private JobKind kind;
  private Recipe recipe;
  private String model;
  private String revision;
  private String modelType;
  private JsonNode config;
  private Budget budget;
  private ContractRequest contract;
  private List<AdaptiveRule> adaptive;
  private RotationRequest rotation;
  private List<LadderStep> ladder;
  private TrafficRequest traffic;
  private GptqRequest gptq;
  private DistillRequest distill;
  private CalibrationRequest calibration;
  private EvaluationRequest evaluation;
  private OutputRequest output;
  private ResourcesRequest resources;
  private Integer priority;
  private Map<String, String> labels;
  private Long expiresIn;
  private WebhookRequest webhook;
  private String sourceSha256;
  private Boolean strictPatterns;

  JobSpecCopy(JobSpec job) {
    this.kind = job.kind();
    this.recipe = job.recipe();
    this.model = job.model();
    this.revision = job.revision();
    this.modelType = job.modelType();
    this.config = job.config();
    this.budget = job.budget();
    this.contract = job.contract();
    this.adaptive = job.adaptive();
    this.rotation = job.rotation();
    this.ladder = job.ladder();
    this.traffic = job.traffic();
    this.gptq = job.gptq();
    this.distill = job.distill();
    this.calibration = job.calibration();
    this.evaluation = job.evaluation();
    this.output = job.output();
    this.resources = job.resources();
    this.priority = job.priority();
    this.labels = job.labels();
    this.expiresIn = job.expiresIn();
    this.webhook = job.webhook();
    this.sourceSha256 = job.sourceSha256();
    this.strictPatterns = job.strictPatterns();
  }

  JobSpecCopy kind(JobKind kind) {
    this.kind = kind;
    return this;
  }

  JobSpecCopy recipe(Recipe recipe) {
    this.recipe = recipe;
    return this;
  }

  JobSpecCopy model(String model) {
    this.model = model;
    return this;
  }

  JobSpecCopy revision(String revision) {
    this.revision = revision;
    return this;
  }

  JobSpecCopy config(JsonNode config) {
    this.config = config;
    return this;
  }

  JobSpecCopy budget(Budget budget) {
    this.budget = budget;
    return this;
  }

  JobSpecCopy contract(ContractRequest contract) {
    this.contract = contract;
    return this;
  }

  JobSpecCopy adaptive(List<AdaptiveRule> adaptive) {
    this.adaptive = adaptive;
    return this;
  }

  JobSpecCopy rotation(RotationRequest rotation) {
    this.rotation = rotation;
    return this;
  }

  JobSpecCopy ladder(List<LadderStep> ladder) {
    this.ladder = ladder;
    return this;
  }

  JobSpecCopy traffic(TrafficRequest traffic) {
    this.traffic = traffic;
    return this;
  }

  JobSpecCopy distill(DistillRequest distill) {
    this.distill = distill;
    return this;
  }

  JobSpecCopy calibration(CalibrationRequest calibration) {
    this.calibration = calibration;
    return this;
  }

  JobSpecCopy evaluation(EvaluationRequest evaluation) {
    this.evaluation = evaluation;
    return this;
  }

  JobSpecCopy output(OutputRequest output) {
    this.output = output;
    return this;
  }

  JobSpecCopy webhook(WebhookRequest webhook) {
    this.webhook = webhook;
    return this;
  }

  JobSpecCopy sourceSha256(String sourceSha256) {
    this.sourceSha256 = sourceSha256;
    return this;
  }

  /** The specification, checked as a new one is. */
  JobSpec spec() {
    return new JobSpec(
        kind,
        recipe,
        model,
        revision,
        modelType,
        config,
        budget,
        contract,
        adaptive,
        rotation,
        ladder,
        traffic,
        gptq,
        distill,
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
}
