package org.alphaquant.prepare;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.alphaquant.architecture.LayerDescription;
import org.alphaquant.architecture.RoutingDescription;
import org.alphaquant.estimate.ModelShape;
import org.alphaquant.estimate.RunShape;
import org.alphaquant.job.CalibrationRequest;
import org.alphaquant.job.Coverage;
import org.alphaquant.job.SelfWrittenRequest;
import org.alphaquant.problem.Problem;

/**
 * The cost of self-written text and of a wider coverage of experts, and where neither is possible.
 */
public record CoveragePlan(PreparedJob job) {

  private static final Set<String> CACHED_ATTENTION = Set.of("grouped-query", "latent");

  private CalibrationRequest asked() {
    return job.spec().calibration();
  }

  /** Sizes of the largest layer, with the experts that each token is calibrated on. */
  public RunShape largest(long tokens) {
    RunShape natural = new ModelShape(job.description(), tokens).largest();
    return natural.covering(
        asked().coverage().expertsPerToken(natural.expertsPerToken(), natural.experts()));
  }

  /**
   * Tokens that are calibrated on, the model's own among them.
   *
   * @param given of the given text
   */
  long tokens(int sequenceLength, long given) {
    SelfWrittenRequest own = asked().selfWritten();
    if (own == null) {
      return given;
    }
    long written = (long) own.sequences() * sequenceLength;
    return own.only() ? written : given + written;
  }

  /** Floating-point operations in addition to those of natural routing and given text. */
  double operations(long tokens) {
    RunShape mean = new ModelShape(job.description(), Math.max(1, tokens)).mean();
    return writing(mean) + calibrating(mean) + weighing(mean);
  }

  // To fit the text to traffic each token passes once more.
  private double weighing(RunShape mean) {
    return job.spec().traffic() == null || asked().solvesFromKept()
        ? 0
        : forward(mean, mean.tokens());
  }

  private static double forward(RunShape mean, double tokens) {
    double layer =
        mean.attentionWeights()
            + mean.denseWeights()
            + (double) mean.expertsPerToken() * mean.expertWeights();
    return 2 * tokens * (mean.layers() * layer + (double) mean.vocabulary() * mean.hidden());
  }

  // A forward pass of each token.
  private double writing(RunShape mean) {
    if (asked().selfWritten() == null) {
      return 0;
    }
    double tokens = (double) asked().selfWritten().sequences() * asked().sequenceLength();
    double beams = asked().selfWritten().balanced() ? 4 : 1;
    return beams * forward(mean, tokens);
  }

  // Hessians of gate and up, and of down, and what down reads, for the pairs beyond natural ones.
  private double calibrating(RunShape mean) {
    int wider = asked().coverage().expertsPerToken(mean.expertsPerToken(), mean.experts());
    double pairs = (double) mean.tokens() * (wider - mean.expertsPerToken());
    double hidden = mean.hidden();
    double width = mean.expertWidth();
    return 2 * mean.layers() * pairs * (hidden * hidden + width * width + 2 * hidden * width);
  }

  /** Why it cannot be done: a sentence each. */
  List<Problem> problems() {
    List<Problem> problems = new ArrayList<>();
    Coverage coverage = asked().coverage();
    boolean balanced = asked().selfWritten() != null && asked().selfWritten().balanced();
    if (job.description().routing().isEmpty()) {
      if (coverage.kind() != Coverage.Kind.NATURAL) {
        problems.add(
            refused("/calibration/coverage", "coverage is of experts; the model has none"));
      } else if (balanced) {
        problems.add(
            refused(
                "/calibration/self_written/balanced",
                "balanced asks for text that uses the experts evenly; the model has none"));
      }
      return problems;
    }
    if (coverage.topK() != null) {
      problems.addAll(width(coverage.topK(), job.description().routing().get()));
    }
    if (balanced) {
      job.description().layerList().stream()
          .filter(layer -> !CACHED_ATTENTION.contains(layer.attention()))
          .findFirst()
          .ifPresent(layer -> problems.add(mixer(layer)));
    }
    return problems;
  }

  private static List<Problem> width(int topK, RoutingDescription routing) {
    return topK >= routing.topK() && topK <= routing.experts()
        ? List.of()
        : List.of(
            refused(
                "/calibration/coverage/top_k",
                "top_k is %d; it must be from %d, which the router takes, to %d, which there are"
                    .formatted(topK, routing.topK(), routing.experts())));
  }

  private static Problem mixer(LayerDescription layer) {
    return refused(
        "/calibration/self_written/balanced",
        "layer %d mixes its tokens by %s; text with even experts is written by a beam search, which needs attention with a cache of keys and values"
            .formatted(layer.index(), layer.attention()));
  }

  private static Problem refused(String pointer, String detail) {
    return Problem.error("not-coverable", pointer, null, detail);
  }
}
