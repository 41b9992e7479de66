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
 * @param perplexity on a text; the divergence is measured on its windows
 * @param divergence how far the predictions of the quantized model are from the original's; what is
 *     usual where null
 * @param choices multiple-choice questions; none where null
 * @param reference a model that an evaluation compares with, as {@link JobSpec#model}; of a
 *     quantization that is the model itself
 */
@JsonNaming(SnakeCaseStrategy.class)
public record EvaluationRequest(
    Perplexity perplexity, DivergenceOptions divergence, Choices choices, String reference) {
  public EvaluationRequest {
    divergence = orElse(divergence, new DivergenceOptions(null));
    textOrNull("reference", reference, 512);
  }

  /** Perplexity and what is usual beside it. */
  public EvaluationRequest(Perplexity perplexity) {
    this(perplexity, null, null, null);
  }

  /** All files that it names. */
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
   * @param windows of the perplexity's text, spread evenly over it, that it is measured on; 16
   *     where not given, 0 for none
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
   * @param split as {@link TextRequest#split}; its test split where null
   * @param file as {@link TextRequest#file}
   * @param letters whether rows with a {@code question} list their choices and are answered by a
   *     letter; otherwise the choices' texts compete
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

    /** The file that holds them. */
    public TextRequest source() {
      return new TextRequest(path, null, config, orElse(split, "test"), file, null);
    }
  }

  /**
   * Perplexity over the whole windows of one text.
   *
   * @param path file below one of the allowed roots, or as {@link TextRequest#source}
   * @param config as {@link TextRequest#config}
   * @param split as {@link TextRequest#split}; its test split where null
   * @param file as {@link TextRequest#file}
   * @param window tokens per window
   * @param part which of its documents; all where not given
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

    /** The file that it is measured on. */
    public TextRequest source() {
      return new TextRequest(path, null, config, orElse(split, "test"), file, null);
    }
  }
}
