package org.alphaquant.run;

import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.alphaquant.calibration.CalibrationSamples;
import org.alphaquant.calibration.CalibrationSpec;
import org.alphaquant.calibration.EvaluationText;
import org.alphaquant.calibration.TextHalves;
import org.alphaquant.calibration.TextSource;
import org.alphaquant.calibration.Tokenizer;
import org.alphaquant.chat.ModelChat;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.RunFailure;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.worker.JobContext;

/** Checks that the text of a proof took no part in calibration, training or the search. */
record HeldOut(JobInputs inputs, JobContext context) {

  /**
   * @throws RunFailure naming how many documents of the proof took part in calibration, training or
   *     search
   */
  void require() throws IOException {
    JobSpec spec = context.spec();
    try (Checkpoint source = inputs.checkpoint(spec.model(), spec.revision());
        Tokenizer tokenizer = QuantizationRun.tokenizer(context, source)) {
      Optional<ModelChat> chat = ModelChat.of(source.folder());
      context.unit("encoding the texts of the contract");
      Set<Long> used = new HashSet<>(half(TextHalves.FIRST, tokenizer, chat));
      Optional<KeptFolder> kept = KeptFolder.of(context);
      if (kept.isPresent()) {
        used.addAll(kept.get().manifest().digests());
      } else {
        add(inputs.calibration(spec), tokenizer, chat, used);
        add(inputs.withHeldOut(spec.searching()), tokenizer, chat, used);
      }
      add(inputs.training(spec), tokenizer, chat, used);
      Set<Long> proof = half(TextHalves.SECOND, tokenizer, chat);
      long shared = proof.stream().filter(used::contains).count();
      if (shared > 0) {
        throw new RunFailure(
            JobError.Kind.USER,
            "proof-not-held-out",
            "%d of the %d documents that the contract would be proved on, the second half of '%s', took part in calibration, training or search"
                .formatted(shared, proof.size(), spec.evaluation().perplexity().path()));
      }
    }
  }

  private Set<Long> half(TextHalves half, Tokenizer tokenizer, Optional<ModelChat> chat) {
    JobSpec spec = context.spec();
    TextSource text = inputs.evaluationText(spec).orElseThrow();
    return EvaluationText.read(text, spec.evaluation().perplexity().path(), half, tokenizer, chat)
        .documents();
  }

  private static void add(
      List<CalibrationSpec> texts, Tokenizer tokenizer, Optional<ModelChat> chat, Set<Long> used) {
    if (!texts.isEmpty()) {
      used.addAll(CalibrationSamples.collect(texts, tokenizer, chat).digests());
    }
  }
}
