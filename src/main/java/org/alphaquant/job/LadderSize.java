package org.alphaquant.job;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.alphaquant.measure.Accuracy;
import org.alphaquant.measure.Divergence;
import org.alphaquant.measure.PerplexityChange;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * One size of a ladder.
 *
 * @param name of the folder of its result
 * @param bitsPerWeight of the quantized tensors
 * @param bytes size of the model's tensors
 * @param perplexity null without an evaluation
 * @param divergence from the original; null where not measured
 * @param choices null without questions
 * @param sequential whether each layer was calibrated on the output of the quantized layers before
 *     it
 * @param seconds duration including the evaluation
 * @param best whether it is on the Pareto front of size and divergence; null without a measurement
 */
@JsonNaming(SnakeCaseStrategy.class)
public record LadderSize(
    String name,
    Double bitsPerWeight,
    JobResult.Size bytes,
    PerplexityChange perplexity,
    Divergence divergence,
    Accuracy choices,
    boolean sequential,
    double seconds,
    Boolean best) {

  public LadderSize {
    requireNonNull(name, "name is null");
  }

  /** The size of a finished nested job. */
  public static LadderSize of(String name, JobResult result, boolean sequential, double seconds) {
    return new LadderSize(
        name,
        result.bitsPerWeight(),
        result.bytes(),
        result.perplexity(),
        result.divergence(),
        result.choices(),
        sequential,
        seconds,
        null);
  }

  /** The sizes, smallest first, with the best ones marked. */
  public static List<LadderSize> ranked(List<LadderSize> sizes) {
    List<LadderSize> ranked = new ArrayList<>();
    for (LadderSize size : sizes) {
      ranked.add(
          size.distance() == null
              ? size
              : size.marked(sizes.stream().noneMatch(other -> other.beats(size))));
    }
    ranked.sort(Comparator.comparingLong(size -> size.bytes().after()));
    return ranked;
  }

  private LadderSize marked(boolean isBest) {
    return new LadderSize(
        name, bitsPerWeight, bytes, perplexity, divergence, choices, sequential, seconds, isBest);
  }

  private boolean beats(LadderSize other) {
    if (distance() == null) {
      return false;
    }
    boolean smaller = bytes.after() < other.bytes.after();
    boolean closer = distance() < other.distance();
    return (smaller || closer)
        && bytes.after() <= other.bytes.after()
        && distance() <= other.distance();
  }

  // Divergence where it was measured, otherwise perplexity.
  private Double distance() {
    if (divergence != null) {
      return divergence.mean().value();
    }
    return perplexity == null ? null : perplexity.after();
  }
}
