package org.alphaquant.moe;

import ai.djl.ndarray.NDList;
import java.util.ArrayList;
import java.util.List;
import org.alphaquant.model.block.Routing;
import org.alphaquant.torch.TensorScope;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * How a layer's router spread the calibration tokens over its experts.
 *
 * @param layer index of the decoder layer
 * @param tokens tokens that passed the layer
 * @param topK experts per token
 * @param entropy of the shares in bits; log2 E is an even spread
 * @param experts one entry per expert, in order
 */
@JsonNaming(SnakeCaseStrategy.class)
public record Utilization(
    int layer, long tokens, int topK, double entropy, List<ExpertUsage> experts) {

  /** Below this part of a fair share an expert is under-utilized. */
  static final double LEAST_SHARE = 0.2;

  public Utilization {
    experts = List.copyOf(experts);
  }

  /**
   * Sums over the tokens of each expert.
   *
   * @param tokens number of tokens
   * @param scores sum of the weights of its outputs
   * @param weights sum of the tokens' weights in its Hessian
   * @param squares sum of the squares of those weights
   */
  public record Counts(float[] tokens, float[] scores, float[] weights, float[] squares) {

    /** The four sums of a routing as arrays, each [E], which may be added to others'. */
    public static NDList arrays(TensorScope scope, Routing routing, int experts, double power) {
      return scope.runAll(
          "experts.utilization", routing.experts(), routing.weights(), power, experts);
    }

    /** The sums that such arrays hold. */
    public static Counts of(TensorScope scope, NDList counts) {
      return new Counts(
          scope.toFloats(counts.get(0)),
          scope.toFloats(counts.get(1)),
          scope.toFloats(counts.get(2)),
          scope.toFloats(counts.get(3)));
    }
  }

  /**
   * Counts the layer's routing.
   *
   * @param inputs width of an expert's input
   * @param allTokens of the layer
   * @param natural the tokens routed to each expert
   * @param calibrated the tokens that each expert is calibrated on
   */
  public static Utilization of(
      int layer, long inputs, long allTokens, int topK, Counts natural, Counts calibrated) {
    float[] tokens = natural.tokens;
    double pairs = 0;
    for (float count : tokens) {
      pairs += count;
    }
    double entropy = 0;
    List<ExpertUsage> experts = new ArrayList<>(tokens.length);
    for (int e = 0; e < tokens.length; e++) {
      long count = Math.round(tokens[e]);
      double share = pairs == 0 ? 0 : tokens[e] / pairs;
      entropy -= share == 0 ? 0 : share * Math.log(share) / Math.log(2);
      double mean = count == 0 ? 0 : natural.scores[e] / (double) count;
      boolean starved = isUnderUtilized(count, share, inputs, tokens.length);
      double weights = calibrated.weights[e];
      double effective = calibrated.squares[e] == 0 ? 0 : weights * weights / calibrated.squares[e];
      experts.add(
          new ExpertUsage(
              e,
              count,
              natural.scores[e],
              mean,
              share,
              starved,
              Math.round(calibrated.tokens[e]),
              weights,
              effective,
              null,
              null));
    }
    return new Utilization(layer, allTokens, topK, entropy, experts);
  }

  /** The same, with the share of the layer's mean in each expert's Hessian. */
  public Utilization leaning(double[] layerShares) {
    List<ExpertUsage> leaning = new ArrayList<>();
    for (ExpertUsage expert : experts) {
      leaning.add(expert.leaning(layerShares[expert.expert()]));
    }
    return new Utilization(layer, tokens, topK, entropy, leaning);
  }

  /** Mean weight of a (token, slot) pair in a Hessian. */
  public double meanWeight() {
    double sum = experts.stream().mapToDouble(ExpertUsage::weightSum).sum();
    return sum / Math.max(1, experts.stream().mapToLong(ExpertUsage::calibrationTokens).sum());
  }

  /**
   * Whether an expert received too few tokens for a Hessian of its own: fewer tokens than its input
   * has dimensions, so that its Hessian has not full rank, or less than a fifth of a fair share.
   */
  static boolean isUnderUtilized(long tokens, double share, long inputs, int experts) {
    return tokens < inputs || share < LEAST_SHARE / experts;
  }
}
