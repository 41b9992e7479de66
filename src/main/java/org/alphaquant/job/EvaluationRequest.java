package org.alphaquant.job;

import static org.alphaquant.job.Limits.orElse;
import static org.alphaquant.job.Limits.text;
import static org.alphaquant.job.Limits.textOrNull;
import static org.alphaquant.job.Limits.within;

import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * What to measure before and after; null for nothing.
 *
 * @param perplexity on a text; the divergence is measured on windows of it
 * @param divergence settings of the divergence between the predictions of both models; null for the
 *     default
 * @param choices multiple-choice questions; null for none
 * @param reference the model that an evaluation compares with, named as {@link JobSpec#model}; a
 *     quantization always compares with its source
 */
@JsonNaming(SnakeCaseStrategy.class)
public record EvaluationRequest(
    Perplexity perplexity, DivergenceOptions divergence, Choices choices, String reference) {
  public EvaluationRequest {
    divergence = orElse(divergence, new DivergenceOptions(null));
    textOrNull("reference", reference, 512);
  }

  /** Perplexity with the default divergence. */
  public EvaluationRequest(Perplexity perplexity) {
    this(perplexity, null, null, null);
  }

  /** All files that the request names. */
  public List<TextRequest> files() {
    return Stream.of(
            perplexity == null ? null : perplexity.source(),
            choices == null ? null : choices.source())
        .filter(Objects::nonNull)
        .toList();
  }

  /**
   * How far the next-token distributions of the quantized model are from the original's.
   *
   * @param windows number of windows, spread evenly over the perplexity's text; 16 by default, 0
   *     for none
   */
  @JsonNaming(SnakeCaseStrategy.class)
  public record DivergenceOptions(Integer windows) {
    public DivergenceOptions {
      windows = (int) within("windows", orElse(windows, 16), 0, 1_000_000);
    }
  }

  /**
   * Multiple-choice questions, answered by log-likelihood.
   *
   * @param path a file of rows below one of the allowed roots, or as {@link TextRequest#source}
   * @param config as {@link TextRequest#config}
   * @param split as {@link TextRequest#split}; null for the test split
   * @param file as {@link TextRequest#file}
   * @param letters whether rows with a {@code question} list their choices and are answered by a
   *     letter; otherwise the texts of the choices are compared
   */
  @JsonNaming(SnakeCaseStrategy.class)
  public record Choices(String path, String config, String split, String file, Boolean letters) {
    public Choices {
      text("path", path, 1024);
      textOrNull("config", config, 128);
      textOrNull("split", split, 128);
      textOrNull("file", file, 512);
      letters = orElse(letters, true);
    }

    /** The file with the questions. */
    public TextRequest source() {
      return new TextRequest(path, null, config, orElse(split, "test"), file, null);
    }
  }

  /**
   * Perplexity over the complete windows of one text.
   *
   * @param path file below one of the allowed roots, or as {@link TextRequest#source}
   * @param config as {@link TextRequest#config}
   * @param split as {@link TextRequest#split}; null for the test split
   * @param file as {@link TextRequest#file}
   * @param window tokens per window
   * @param part which of its documents; all by default
   */
  @JsonNaming(SnakeCaseStrategy.class)
  public record Perplexity(
      String path, String config, String split, String file, Integer window, TextPart part) {
    public Perplexity {
      part = orElse(part, TextPart.WHOLE);
      text("path", path, 1024);
      textOrNull("config", config, 128);
      textOrNull("split", split, 128);
      textOrNull("file", file, 512);
      window = (int) within("window", orElse(window, 256), 2, 131_072);
    }

    Perplexity part(TextPart other) {
      return new Perplexity(path, config, split, file, window, other);
    }

    /** The file with the text. */
    public TextRequest source() {
      return new TextRequest(path, null, config, orElse(split, "test"), file, null);
    }
  }
}
