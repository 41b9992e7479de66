package org.alphaquant.measure;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * The distance of a quantized model's next-token distributions from the original's: the
 * Kullback-Leibler divergence KL(original ‖ quantized) in nats per token, over part of the windows
 * that perplexity is measured on.
 *
 * @param windows how many windows
 * @param tokens how many predictions
 * @param compared tokens of the vocabulary that are compared one by one; all others together count
 *     as one more, so that the divergence is a lower bound unless the whole vocabulary is compared
 * @param mean over all predictions
 * @param p99 the 99th percentile over predictions
 * @param changedExperts the mean with each token sent to the experts, at the weights, that the
 *     original sent it to: what the changed weights cause; null in a dense model
 * @param changedRouting the rest of the mean, which the changed choice of experts causes; null in a
 *     dense model
 * @param topOneAgreement share of predictions whose most probable token is the original's
 * @param routers one entry for each sparse layer
 */
@JsonNaming(SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Divergence(
    int windows,
    long tokens,
    long compared,
    Figure mean,
    Figure p99,
    Figure changedExperts,
    Figure changedRouting,
    Figure topOneAgreement,
    List<RouterAgreement> routers) {

  private static final double ABOVE_P99 = 0.01;

  public Divergence {
    requireNonNull(mean, "mean is null");
    routers = List.copyOf(routers);
  }

  /** The same figures of the whole model, without those of its layers. */
  public Divergence withoutRouters() {
    return new Divergence(
        windows,
        tokens,
        compared,
        mean,
        p99,
        changedExperts,
        changedRouting,
        topOneAgreement,
        List.of());
  }

  /**
   * Router agreement of a layer with the original model.
   *
   * @param layer index of the layer
   * @param changed share of tokens that are sent to another set of experts
   */
  @JsonNaming(SnakeCaseStrategy.class)
  public record RouterAgreement(int layer, Figure changed) {}

  /**
   * Puts the figures together.
   *
   * @param compared as in the record
   * @param natural divergence of each prediction, window after window
   * @param forced the same on the original's routing; null in a dense model
   * @param agrees 1 where the most probable token is the original's, 0 elsewhere
   */
  public static Divergence of(
      int windows,
      long compared,
      double[] natural,
      double[] forced,
      double[] agrees,
      List<RouterAgreement> routers) {
    int each = natural.length / windows;
    double[] all = byWindow(natural, each);
    double[] experts = forced == null ? null : byWindow(forced, each);
    return new Divergence(
        windows,
        natural.length,
        compared,
        Bootstrap.mean(all),
        new Quantile(natural, each).estimate(ABOVE_P99),
        experts == null ? null : Bootstrap.mean(experts),
        experts == null ? null : Bootstrap.mean(difference(all, experts)),
        Bootstrap.mean(byWindow(agrees, each)),
        routers);
  }

  /** The mean of each window. */
  public static double[] byWindow(double[] values, int each) {
    double[] means = new double[values.length / each];
    for (int i = 0; i < values.length; i++) {
      means[i / each] += values[i] / each;
    }
    return means;
  }

  private static double[] difference(double[] a, double[] b) {
    double[] difference = new double[a.length];
    for (int i = 0; i < a.length; i++) {
      difference[i] = a[i] - b[i];
    }
    return difference;
  }
}
