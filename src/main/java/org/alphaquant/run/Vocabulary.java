package org.alphaquant.run;

import java.util.List;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.calibration.Question;
import org.alphaquant.calibration.Tokenizer;
import org.alphaquant.job.JobError;
import org.alphaquant.job.RunFailure;
import org.alphaquant.prepare.EvaluationInputs;

/**
 * Checks that token ids have a row in the embedding: PyTorch would fail somewhere within the first
 * layer.
 */
final class Vocabulary {

  private Vocabulary() {}

  static void require(long[][] tokens, Tokenizer tokenizer, ModelDescription description) {
    for (long[] row : tokens) {
      require(row, tokenizer, description);
    }
  }

  static void require(EvaluationInputs inputs, Tokenizer tokenizer, ModelDescription description) {
    require(inputs.windows(), tokenizer, description);
    List<Question> questions = inputs.questions();
    for (Question question : questions) {
      require(question.context(), tokenizer, description);
      question.choices().forEach(choice -> require(choice, tokenizer, description));
    }
  }

  private static void require(long[] row, Tokenizer tokenizer, ModelDescription description) {
    tokenizer
        .beyond(description.vocabulary(), row)
        .ifPresent(
            problem -> {
              throw new RunFailure(JobError.Kind.USER, "unusable-input", problem);
            });
  }
}
