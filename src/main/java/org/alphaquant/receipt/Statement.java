package org.alphaquant.receipt;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * An in-toto statement (in-toto/attestation, spec/v1/statement.md) whose predicate is a provenance
 * (slsa.dev/spec/v1.0/provenance).
 *
 * @param subject every file of the result
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Statement(
    @JsonProperty("_type") String type,
    List<Resource> subject,
    String predicateType,
    Provenance predicate) {

  static final String TYPE = "https://in-toto.io/Statement/v1";
  static final String SLSA = "https://slsa.dev/provenance/v1";

  private static final JsonMapper JSON = JsonMapper.shared();

  /**
   * @throws ReceiptException if the bytes are no statement of this kind
   */
  static Statement parse(byte[] json) {
    try {
      Statement statement = JSON.readValue(json, Statement.class);
      if (!TYPE.equals(statement.type())
          || !SLSA.equals(statement.predicateType())
          || statement.subject() == null
          || statement.predicate() == null) {
        throw new ReceiptException(
            "the receipt holds no in-toto statement with an SLSA provenance");
      }
      return statement;
    } catch (JacksonException e) {
      throw new ReceiptException("the receipt's statement cannot be read", e);
    }
  }

  byte[] bytes() {
    return JSON.writeValueAsBytes(this);
  }

  /**
   * A file, a text or a model (resource_descriptor.md).
   *
   * @param name path below the result's folder, or name within its source
   * @param uri where it comes from
   * @param digest by algorithm
   * @param annotations further facts
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Resource(
      String name, String uri, Map<String, String> digest, Map<String, JsonNode> annotations) {

    static Resource of(String name, String sha256) {
      return new Resource(name, null, Map.of("sha256", sha256), null);
    }

    String sha256() {
      return digest == null ? null : digest.get("sha256");
    }
  }

  /** How the subject was made. */
  public record Provenance(Definition buildDefinition, Details runDetails) {}

  /**
   * The definition of a build.
   *
   * @param externalParameters the job, so that it can be posted again
   * @param internalParameters versions and the kind of device
   * @param resolvedDependencies files of the source and texts, with their hashes
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Definition(
      String buildType,
      Map<String, JsonNode> externalParameters,
      Map<String, JsonNode> internalParameters,
      List<Resource> resolvedDependencies) {}

  /**
   * The details of one build.
   *
   * @param byproducts the measured figures
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Details(Builder builder, Metadata metadata, List<Resource> byproducts) {}

  /** The builder. */
  public record Builder(String id, Map<String, String> version) {}

  /** Which job it was, and when. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Metadata(String invocationId, Instant startedOn, Instant finishedOn) {}
}
