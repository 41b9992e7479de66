package org.alphaquant.job;

import static org.alphaquant.job.Limits.orElse;
import static org.alphaquant.job.Limits.size;
import static org.alphaquant.job.Limits.text;
import static org.alphaquant.job.Limits.textOrNull;
import static org.alphaquant.job.Limits.within;

import java.util.List;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * The text that the model is run on. With no path, texts or sources the service's own text is
 * taken.
 *
 * @param path a file below one of the allowed roots, or as {@link TextRequest#source}
 * @param texts the documents themselves
 * @param sources several files with their shares
 * @param field the field of a row that holds a document; the usual shapes are known without
 * @param samples how many samples at most; a text that gives fewer is used whole
 * @param sequenceLength tokens of each; fewer where the whole text has not so many
 * @param minLength tokens that a document must have to be used by itself; null joins all documents
 *     and cuts the whole
 * @param seed 0 takes documents in file order; any other draws them at random
 * @param deduplicate whether a document that comes again is left out; true where there are sources
 * @param coverage which tokens an expert is calibrated on
 * @param selfWritten text that the model writes itself; null for none
 */
@JsonNaming(SnakeCaseStrategy.class)
public record CalibrationRequest(
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
    SelfWrittenRequest selfWritten) {
  public CalibrationRequest {
    textOrNull("path", path, 1024);
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
    coverage = orElse(coverage, Coverage.NATURAL);
    if (coverage.kind() == Coverage.Kind.BALANCED) {
      selfWritten = orElse(selfWritten, SelfWrittenRequest.balanced(samples));
      if (!selfWritten.balanced()) {
        throw new SpecException(
            "self_written/balanced", false, "true, as coverage is balanced, or left out");
      }
    }
  }

  /** Another number of samples of the same. */
  public CalibrationRequest withSamples(int count) {
    return with(texts, count);
  }

  CalibrationRequest withoutTexts() {
    return with(null, samples);
  }

  private CalibrationRequest with(List<String> texts, int samples) {
    return new CalibrationRequest(
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
        selfWritten);
  }

  static CalibrationRequest defaults() {
    return new CalibrationRequest(null, null, null, null, null, null, null, null, null, null, null);
  }

  /** All files that it names, one with the whole share where there is a path. */
  public List<TextRequest> files() {
    if (sources != null) {
      return sources;
    }
    return path == null ? List.of() : List.of(new TextRequest(path, null, null, null, null, field));
  }
}
