package org.alphaquant.receipt;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Makes receipts of finished jobs. */
public final class Receipts {
  static final String JOB = "job";
  static final String FIGURES = "figures";

  private static final String BUILD_TYPE = "urn:alphaquant:job:v1";
  private static final String BUILDER = "urn:alphaquant:server";
  private static final String HEADERS = "config.json and the tensors' names, dtypes and shapes";
  private static final List<String> MEASURED =
      List.of(
          "perplexity", "divergence", "choices", "bits_per_weight", "bytes", "contract", "ladder");
  private static final JsonMapper JSON = JsonMapper.shared();

  private final SigningKey key;

  public Receipts(SigningKey key) {
    this.key = key;
  }

  public VerifyingKey verifyingKey() {
    return key.verifying();
  }

  /**
   * A finished job.
   *
   * @param report what its run wrote about it
   */
  public record Finished(
      UUID id, Instant started, Instant ended, JobSpec spec, JobResult result, JsonNode report) {}

  /** The same bytes for the same job and key. */
  public Envelope of(Finished job) {
    return Envelope.sign(statement(job).bytes(), key);
  }

  private static Statement statement(Finished job) {
    List<Statement.Resource> files =
        job.result().artifacts().stream()
            .map(file -> Statement.Resource.of(file.name(), file.sha256()))
            .toList();
    Statement.Definition definition =
        new Statement.Definition(
            BUILD_TYPE,
            Map.of(JOB, again(job)),
            Map.of("versions", job.report().path("versions")),
            dependencies(job.report()));
    Statement.Details details =
        new Statement.Details(
            new Statement.Builder(
                BUILDER,
                Map.of(
                    "alphaquant",
                    job.report().path("versions").path("alphaquant").asString("unknown"))),
            new Statement.Metadata(job.id().toString(), job.started(), job.ended()),
            List.of(new Statement.Resource(FIGURES, null, null, figures(job))));
    return new Statement(
        Statement.TYPE, files, Statement.SLSA, new Statement.Provenance(definition, details));
  }

  // Without the webhook, which holds a secret, and pinned to the source that was used.
  private static JsonNode again(Finished job) {
    ObjectNode body = JSON.valueToTree(job.spec());
    body.remove("webhook");
    String source = source(job.report()).path("sha256").asString(null);
    if (source != null) {
      body.put("source_sha256", source);
    }
    return body;
  }

  // The reports of evaluations and repackings have the model's name where a quantization's has all.
  private static JsonNode source(JsonNode report) {
    return report.path("model").isObject() ? report.path("model") : report.path("source");
  }

  private static List<Statement.Resource> dependencies(JsonNode report) {
    List<Statement.Resource> all = new ArrayList<>();
    model(source(report), "", all);
    model(report.path("reference_source"), "reference/", all);
    calibration(report.path("calibration"), all);
    texts(report.path("evaluation_texts"), all);
    texts(report.path("texts"), all);
    return all;
  }

  private static void model(JsonNode model, String prefix, List<Statement.Resource> all) {
    if (model.path("sha256").isString()) {
      String uri = model.path("origin").asString(model.path("id").asString(null));
      all.add(
          new Statement.Resource(
              prefix + "headers",
              uri,
              Map.of("sha256", model.path("sha256").asString()),
              Map.of("covers", JSON.valueToTree(HEADERS))));
      for (JsonNode file : model.path("files")) {
        all.add(
            new Statement.Resource(
                prefix + file.path("name").asString(),
                uri,
                Map.of("sha256", file.path("sha256").asString()),
                null));
      }
    }
  }

  private static void calibration(JsonNode calibration, List<Statement.Resource> all) {
    if (calibration.path("tokens_sha256").isString()) {
      all.add(
          Statement.Resource.of(
              "calibration tokens", calibration.path("tokens_sha256").asString()));
    }
    JsonNode traffic = calibration.path("traffic");
    if (traffic.path("sha256").isString()) {
      all.add(
          new Statement.Resource(
              "counts of experts",
              null,
              Map.of("sha256", traffic.path("sha256").asString()),
              null));
    }
    texts(calibration.path("sources"), all);
  }

  private static void texts(JsonNode texts, List<Statement.Resource> all) {
    for (JsonNode text : texts) {
      if (text.path("sha256").isString()) {
        all.add(
            new Statement.Resource(
                text.path("source").asString(),
                text.path("origin").asString(null),
                Map.of("sha256", text.path("sha256").asString()),
                null));
      }
    }
  }

  private static Map<String, JsonNode> figures(Finished job) {
    Map<String, JsonNode> figures = new LinkedHashMap<>();
    for (String name : MEASURED) {
      // Of a ladder, whose sizes have reports of their own, the table of all.
      JsonNode value =
          job.result().ladder() == null
              ? job.report().path(name)
              : JSON.valueToTree(job.result()).path(name);
      if (!value.isMissingNode() && !value.isNull()) {
        figures.put(name, value);
      }
    }
    return figures;
  }
}
