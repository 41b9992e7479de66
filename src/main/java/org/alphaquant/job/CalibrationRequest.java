package org.alphaquant.job;

import static org.alphaquant.job.Limits.orElse;
import static org.alphaquant.job.Limits.size;
import static org.alphaquant.job.Limits.text;
import static org.alphaquant.job.Limits.textOrNull;
import static org.alphaquant.job.Limits.within;

import java.util.List;
import java.util.UUID;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * The text that the model is calibrated on. Without path, texts and sources, the service's built-in
 * text is used.
 *
 * @param id of a kept calibration, whose text and Hessians take the place of everything else here
 * @param path a file below one of the allowed roots, or as {@link TextRequest#source}
 * @param texts the documents themselves
 * @param sources several files with their shares
 * @param field the field of a row that holds a document; not needed for the usual layouts
 * @param samples maximum number of samples; a shorter text is used completely
 * @param sequenceLength tokens of each sample; fewer if the whole text is shorter
 * @param minLength tokens that a document must have to be a sample of its own; null concatenates
 *     all documents and cuts them into samples
 * @param seed 0 takes documents in file order; any other value draws them at random
 * @param deduplicate whether repeated documents are left out; by default only with sources
 * @param coverage which tokens an expert is calibrated on
 * @param selfWritten text that the model writes itself; null for none
 * @param sequential whether each layer is calibrated on the output of the quantized layers before
 *     it; otherwise on the original's, whose Hessians can be kept. By default true for a single
 *     size without an {@code id}
 * @param hessians dtype of the Hessians of a kept calibration
 */
@JsonNaming(SnakeCaseStrategy.class)
public record CalibrationRequest(
    UUID id,
    String path,
    List<String> texts,
    List<TextRequest> sources,
    String field,
    Integer samples,
    Integer sequenceLength,
    Integer minLength,
    Long seed,
    Boolean deduplicate,
    Coverage coverage,
    SelfWrittenRequest selfWritten,
    Boolean sequential,
    HessianPrecision hessians) {
  public CalibrationRequest {
    textOrNull("path", path, 1024);
    if (id != null && (path != null || texts != null || sources != null || selfWritten != null)) {
      throw new SpecException("id", id, "alone: a kept calibration has its text");
    }
    if (path != null && texts != null) {
      throw new SpecException("texts", "given beside path", "left out, or path must be");
    }
    if (sources != null && (path != null || texts != null)) {
      throw new SpecException(
          "sources", "given beside path or texts", "left out, or those must be");
    }
    if (texts != null) {
      size("texts", texts, 1, 10_000);
      texts = List.copyOf(texts);
    }
    if (sources != null) {
      size("sources", sources, 1, 64);
      sources = List.copyOf(sources);
    }
    field = text("field", orElse(field, "text"), 128);
    samples = (int) within("samples", orElse(samples, 128), 1, 65_536);
    sequenceLength = (int) within("sequence_length", orElse(sequenceLength, 512), 2, 131_072);
    if (minLength != null) {
      minLength = (int) within("min_length", minLength, 1, sequenceLength);
    }
    seed = orElse(seed, 0L);
    deduplicate = orElse(deduplicate, sources != null);
    hessians = orElse(hessians, HessianPrecision.FLOAT32);
    coverage = orElse(coverage, Coverage.NATURAL);
    if (coverage.kind() == Coverage.Kind.BALANCED) {
      selfWritten = orElse(selfWritten, SelfWrittenRequest.balanced(samples));
      if (!selfWritten.balanced()) {
        throw new SpecException(
            "self_written/balanced", false, "true, as coverage is balanced, or left out");
      }
    }
  }

  /** The same, with {@code sequential} set where it was not given. */
  CalibrationRequest sequentially(boolean whereOpen) {
    return with(id, texts, samples, orElse(sequential, whereOpen));
  }

  /** The same with this order of layers. */
  public CalibrationRequest sequential(boolean whether) {
    return with(id, texts, samples, whether);
  }

  /** Whether it is solved from kept Hessians alone. */
  public boolean solvesFromKept() {
    return id != null && Boolean.FALSE.equals(sequential);
  }

  /** A kept calibration in place of a text. */
  public static CalibrationRequest kept(UUID id) {
    return new CalibrationRequest(
        id, null, null, null, null, null, null, null, null, null, null, null, false, null);
  }

  /** The same request with another number of samples. */
  public CalibrationRequest withSamples(int count) {
    return with(id, texts, count, sequential);
  }

  CalibrationRequest withoutTexts() {
    return with(id, null, samples, sequential);
  }

  private CalibrationRequest with(UUID id, List<String> texts, int samples, Boolean sequential) {
    return new CalibrationRequest(
        id,
        path,
        texts,
        sources,
        field,
        samples,
        sequenceLength,
        minLength,
        seed,
        deduplicate,
        coverage,
        selfWritten,
        sequential,
        hessians);
  }

  static CalibrationRequest defaults() {
    return new CalibrationRequest(
        null, null, null, null, null, null, null, null, null, null, null, null, null, null);
  }

  /** All files that it names; a path becomes one file with the whole share. */
  public List<TextRequest> files() {
    if (sources != null) {
      return sources;
    }
    return path == null ? List.of() : List.of(new TextRequest(path, null, null, null, null, field));
  }
}
