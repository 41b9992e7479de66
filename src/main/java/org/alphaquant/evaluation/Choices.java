package org.alphaquant.evaluation;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.stream.LongStream;
import org.alphaquant.calibration.Question;
import org.alphaquant.model.Model;
import org.alphaquant.model.ResidualStream;
import org.alphaquant.torch.TensorScope;

/**
 * Answers multiple-choice questions by log-likelihood: the choice whose tokens are most probable
 * after the context. Sequences run in groups of similar length, padded at their ends, which causal
 * attention ignores.
 */
public final class Choices {

  // Sequences whose lengths differ by less than this run together.
  private static final int STEP = 32;

  private final TensorScope parent;
  private final Model model;
  private final int tokensPerBatch;
  private final long logitsBytes;

  /**
   * @param tokensPerBatch number of tokens run at once
   * @param logitsBytes bytes of logits that exist at once
   */
  public Choices(TensorScope parent, Model model, int tokensPerBatch, long logitsBytes) {
    this.parent = parent;
    this.model = model;
    this.tokensPerBatch = tokensPerBatch;
    this.logitsBytes = logitsBytes;
  }

  /** One choice of one question as a sequence. */
  private record Sequence(int question, int choice, long[] tokens, int from) {
    int padded() {
      return (tokens.length + STEP - 1) / STEP * STEP;
    }
  }

  /**
   * Whether each question is answered correctly.
   *
   * @param layerDone called after each layer of each group
   */
  public List<Boolean> answers(List<Question> questions, IntConsumer layerDone) {
    double[][] likelihoods = new double[questions.size()][];
    List<Sequence> sequences = new ArrayList<>();
    for (int q = 0; q < questions.size(); q++) {
      Question question = questions.get(q);
      likelihoods[q] = new double[question.choices().size()];
      for (int c = 0; c < question.choices().size(); c++) {
        long[] tokens =
            LongStream.concat(
                    Arrays.stream(question.context()), Arrays.stream(question.choices().get(c)))
                .toArray();
        sequences.add(new Sequence(q, c, tokens, question.context().length));
      }
    }
    sequences.sort(Comparator.comparingInt(Sequence::padded));
    for (int first = 0, last; first < sequences.size(); first = last) {
      last = alike(sequences, first);
      score(sequences.subList(first, last), likelihoods, layerDone);
    }
    List<Boolean> right = new ArrayList<>();
    for (int q = 0; q < questions.size(); q++) {
      right.add(largest(likelihoods[q]) == questions.get(q).answer());
    }
    return right;
  }

  private static int alike(List<Sequence> sequences, int first) {
    int last = first;
    while (last < sequences.size()
        && sequences.get(last).padded() == sequences.get(first).padded()) {
      last++;
    }
    return last;
  }

  private void score(List<Sequence> group, double[][] likelihoods, IntConsumer layerDone) {
    int length = group.get(0).padded();
    long[][] padded =
        group.stream()
            .map(sequence -> Arrays.copyOf(sequence.tokens(), length))
            .toArray(long[][]::new);
    try (TensorScope scope = parent.child("choices");
        ResidualStream stream = ResidualStream.embed(scope, model, padded, tokensPerBatch)) {
      for (int i = 0; i < model.description().layers(); i++) {
        try (TensorScope loading = scope.child("layer " + i)) {
          stream.advance(model.layer(loading, i));
        }
        layerDone.accept(i);
      }
      int next = 0;
      for (NDArray x : stream.microBatches()) {
        int count = Math.toIntExact(x.getShape().get(0));
        likelihoods(scope, x, group.subList(next, next + count), length, likelihoods);
        next += count;
      }
    }
  }

  private void likelihoods(
      TensorScope scope, NDArray x, List<Sequence> group, int length, double[][] likelihoods) {
    List<Sequence> owners = new ArrayList<>();
    List<Long> positions = new ArrayList<>();
    List<Long> next = new ArrayList<>();
    for (int s = 0; s < group.size(); s++) {
      Sequence sequence = group.get(s);
      for (int t = sequence.from(); t < sequence.tokens().length; t++) {
        owners.add(sequence);
        positions.add((long) s * length + t - 1);
        next.add(sequence.tokens()[t]);
      }
    }
    int rows = Evaluator.rowsAtOnce(model.description().vocabulary(), logitsBytes);
    for (int first = 0; first < owners.size(); first += rows) {
      int last = Math.min(owners.size(), first + rows);
      float[] losses = losses(scope, x, longs(positions, first, last), longs(next, first, last));
      for (int i = first; i < last; i++) {
        likelihoods[owners.get(i).question()][owners.get(i).choice()] -= losses[i - first];
      }
    }
  }

  private float[] losses(TensorScope scope, NDArray x, long[] positions, long[] next) {
    try (TensorScope work = scope.child("logits")) {
      NDArray rows = work.run("evaluation.chosen_rows", x, positions);
      NDArray predicted = work.run("evaluation.log_probability", model.logits(work, rows));
      NDArray tokens = work.longs(next, next.length);
      return work.toFloats(work.run("evaluation.negative_log_likelihood", predicted, tokens));
    }
  }

  private static long[] longs(List<Long> values, int first, int last) {
    return values.subList(first, last).stream().mapToLong(Long::longValue).toArray();
  }

  private static int largest(double[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      best = values[i] > values[best] ? i : best;
    }
    return best;
  }
}
