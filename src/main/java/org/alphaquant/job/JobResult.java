package org.alphaquant.job;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.alphaquant.measure.Accuracy;
import org.alphaquant.measure.Divergence;
import org.alphaquant.measure.PerplexityChange;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * The result of a successful run.
 *
 * @param perplexity null if not requested
 * @param divergence of the quantized model from the original; null where not measured
 * @param choices multiple-choice questions; null where there were none
 * @param bitsPerWeight of the quantized tensors, scales and zero points counted in; null for an
 *     evaluation
 * @param bytes size of the model's tensors; null for an evaluation
 * @param artifacts every file of the result folder; none in a summary
 * @param ladder the sizes of a ladder, smallest first; null for a single result
 * @param location {@code s3://store/path} of the files; null if the service keeps them
 */
@JsonNaming(SnakeCaseStrategy.class)
public record JobResult(
    PerplexityChange perplexity,
    Divergence divergence,
    Accuracy choices,
    Double bitsPerWeight,
    Size bytes,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Artifact> artifacts,
    @JsonInclude(JsonInclude.Include.NON_NULL) List<LadderSize> ladder,
    @JsonInclude(JsonInclude.Include.NON_NULL) String location) {
  public JobResult {
    ladder = ladder == null ? null : List.copyOf(ladder);
    artifacts = artifacts == null ? List.of() : List.copyOf(artifacts);
  }

  /** A result kept by the service, without measurements. */
  public JobResult(Double bitsPerWeight, Size bytes, List<Artifact> artifacts) {
    this(null, null, null, bitsPerWeight, bytes, artifacts);
  }

  /** A result kept by the service. */
  public JobResult(
      PerplexityChange perplexity,
      Divergence divergence,
      Accuracy choices,
      Double bitsPerWeight,
      Size bytes,
      List<Artifact> artifacts) {
    this(perplexity, divergence, choices, bitsPerWeight, bytes, artifacts, null, null);
  }

  /** The results of a ladder, which the service keeps. */
  public static JobResult ofLadder(List<LadderSize> ladder, List<Artifact> artifacts) {
    return new JobResult(null, null, null, null, null, artifacts, ladder, null);
  }

  /** The same result at another location; null if the service keeps it. */
  public JobResult at(String location) {
    return new JobResult(
        perplexity, divergence, choices, bitsPerWeight, bytes, artifacts, ladder, location);
  }

  /** What a list shows: without the files, and without the agreement of each router. */
  public JobResult summary() {
    Divergence mean = divergence == null ? null : divergence.withoutRouters();
    return new JobResult(
        perplexity, mean, choices, bitsPerWeight, bytes, List.of(), ladder, location);
  }

  /** Bytes of the original and of the quantized model. */
  public record Size(long before, long after) {}

  /**
   * One file of the result.
   *
   * @param name path below the result folder, with forward slashes
   * @param bytes length of the file
   * @param sha256 of its content, 64 lower-case hexadecimal digits
   */
  public record Artifact(String name, long bytes, String sha256) {
    public Artifact {
      requireNonNull(name, "name is null");
      requireNonNull(sha256, "sha256 is null");
    }
  }
}
