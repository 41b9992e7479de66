package org.alphaquant.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.alphaquant.calibration.EvaluationText;
import org.alphaquant.calibration.Question;
import org.alphaquant.calibration.Questions;
import org.alphaquant.calibration.TextHalves;
import org.alphaquant.calibration.TextSource;
import org.alphaquant.calibration.Tokenizer;
import org.alphaquant.chat.ModelChat;
import org.alphaquant.evaluation.Evaluator;
import org.alphaquant.job.EvaluationRequest;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.TextPart;
import org.alphaquant.prepare.EvaluationInputs;
import org.alphaquant.prepare.JobInputs;

/** Reads and encodes the evaluation text and questions of a job. */
final class EvaluationTexts {

  private EvaluationTexts() {}

  /**
   * @param seen digests of the documents that the model was calibrated or trained on
   */
  static EvaluationInputs of(
      JobInputs inputs,
      JobSpec spec,
      Tokenizer tokenizer,
      Optional<ModelChat> chat,
      Set<Long> seen) {
    EvaluationRequest asked = spec.evaluation();
    if (asked == null) {
      return EvaluationInputs.NONE;
    }
    List<String> warnings = new ArrayList<>();
    long[][] windows =
        inputs
            .evaluationText(spec)
            .map(text -> windows(text, asked.perplexity(), tokenizer, chat, seen, warnings))
            .orElse(new long[0][]);
    int compared = Math.min(asked.divergence().windows(), windows.length);
    return new EvaluationInputs(
        Evaluator.spreadFirst(windows, compared),
        compared,
        inputs
            .questions(spec)
            .map(file -> questions(file, asked.choices(), tokenizer))
            .orElse(List.of()),
        warnings,
        inputs.evaluationTexts(spec));
  }

  private static long[][] windows(
      TextSource source,
      EvaluationRequest.Perplexity asked,
      Tokenizer tokenizer,
      Optional<ModelChat> chat,
      Set<Long> seen,
      List<String> warnings) {
    EvaluationText text =
        EvaluationText.read(source, asked.path(), half(asked.part()), tokenizer, chat);
    long shared = text.documents().stream().filter(seen::contains).count();
    if (shared > 0) {
      warnings.add(
          "%d of the %d documents of '%s' took part in the calibration or the training; what is measured on it flatters the result"
              .formatted(shared, text.documents().size(), asked.path()));
    }
    return text.windows(asked.window());
  }

  private static TextHalves half(TextPart part) {
    return switch (part) {
      case WHOLE -> TextHalves.WHOLE;
      case FIRST_HALF -> TextHalves.FIRST;
      case SECOND_HALF -> TextHalves.SECOND;
    };
  }

  private static List<Question> questions(
      TextSource file, EvaluationRequest.Choices asked, Tokenizer tokenizer) {
    return Questions.read(file, asked.path(), asked.letters(), tokenizer);
  }
}
