package org.alphaquant.prepare;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.alphaquant.calibration.CalibrationException;
import org.alphaquant.calibration.CalibrationSamples;
import org.alphaquant.calibration.EvaluationText;
import org.alphaquant.calibration.Tokenizer;
import org.alphaquant.chat.ModelChat;
import org.alphaquant.chat.TemplateException;
import org.alphaquant.checkpoint.Links;
import org.alphaquant.job.EvaluationRequest;
import org.alphaquant.job.JobSpec;
import org.alphaquant.source.SourceException;

/**
 * The number of samples and tokens in the texts of a specification.
 *
 * @param samples of the calibration
 * @param sequenceLength tokens of each
 * @param shortages warnings about texts that are too short
 * @param pointer to an unusable text; null if all are usable
 * @param problem why it is unusable
 */
public record TokenCount(
    int samples, int sequenceLength, List<String> shortages, String pointer, String problem) {

  // Above this number of requested tokens, only the run finds out whether the text suffices.
  private static final int MOST_TOKENS = 1 << 19;
  private static final long MOST_EVALUATION_BYTES = 1 << 20;

  public TokenCount {
    shortages = List.copyOf(shortages);
  }

  /** Makes the samples, up to half a million tokens, with the tokenizer of a model's folder. */
  public static TokenCount of(Path folder, JobSpec spec, JobInputs inputs) {
    String pointer = "/calibration";
    Links links = inputs.links(folder);
    try (Tokenizer tokenizer = Tokenizer.open(folder, links, () -> {})) {
      Optional<ModelChat> chat = ModelChat.of(folder, links::open);
      CalibrationSamples samples =
          CalibrationSamples.collect(inputs.calibration(spec), tokenizer, chat, MOST_TOKENS);
      List<String> shortages = new ArrayList<>(samples.shortages());
      pointer = "/evaluation/perplexity/path";
      evaluation(spec, inputs, tokenizer, chat).ifPresent(shortages::add);
      boolean enough = samples.shortages().isEmpty();
      return new TokenCount(
          enough ? spec.calibration().samples() : samples.samples(),
          samples.sequenceLength(),
          shortages,
          null,
          null);
    } catch (CalibrationException
        | TemplateException
        | SourceException
        | IllegalArgumentException e) {
      return new TokenCount(0, 0, List.of(), pointer, e.getMessage());
    }
  }

  private static Optional<String> evaluation(
      JobSpec spec, JobInputs inputs, Tokenizer tokenizer, Optional<ModelChat> chat) {
    if (inputs.evaluationFile(spec).filter(TokenCount::isSmall).isEmpty()) {
      return Optional.empty();
    }
    EvaluationRequest.Perplexity perplexity = spec.evaluation().perplexity();
    return inputs
        .evaluationText(spec)
        .map(text -> EvaluationText.read(text, perplexity.path(), tokenizer, chat))
        .flatMap(text -> text.shortage(perplexity.window()));
  }

  private static boolean isSmall(Path file) {
    return file.toFile().length() <= MOST_EVALUATION_BYTES;
  }
}
