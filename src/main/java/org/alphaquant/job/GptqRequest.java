package org.alphaquant.job;

import static org.alphaquant.job.Limits.above;
import static org.alphaquant.job.Limits.within;

import org.alphaquant.architecture.Precision;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * The solver's settings. What is null is the recipe's to fill in; a stored specification has
 * everything.
 *
 * @param damp added to the Hessian's diagonal, as a fraction of its mean; above 0, at most 1
 * @param routingWeight what a token counts for in its experts' Hessians
 * @param blockSize columns per lazy update of the solver
 * @param actOrder whether columns are taken by falling diagonal of the Hessian
 * @param shrinkage how far each expert's Hessian is drawn towards its layer's mean
 * @param scaleSearch how each group's scale is found
 * @param sweeps coordinate-descent sweeps after the column loop
 * @param refit whether each sweep begins with the least-squares scales of the codes as they are
 * @param precision what calibration multiplies on a GPU; null leaves it to the run, which takes
 *     TF32 for a source of 16 bits and float32 for another
 * @param rounding whether every weight takes its nearest code instead, whatever the Hessian
 */
@JsonNaming(SnakeCaseStrategy.class)
public record GptqRequest(
    Double damp,
    RoutingWeight routingWeight,
    Integer blockSize,
    ActOrder actOrder,
    Shrinkage shrinkage,
    ScaleSearch scaleSearch,
    Integer sweeps,
    Boolean refit,
    Precision precision,
    Boolean rounding) {

  static final GptqRequest OPEN =
      new GptqRequest(null, null, null, null, null, null, null, null, null, null);

  static final GptqRequest MOE =
      new GptqRequest(
          0.01,
          RoutingWeight.SCORE,
          128,
          ActOrder.AUTO,
          Shrinkage.AUTO,
          ScaleSearch.MSE,
          2,
          true,
          null,
          false);

  static final GptqRequest STANDARD = plain(false);
  static final GptqRequest ROUNDING = plain(true);

  public GptqRequest {
    if (damp != null) {
      above("damp", damp, 0.0, 1.0);
    }
    if (blockSize != null) {
      within("block_size", blockSize, 1, 4096);
    }
    if (sweeps != null) {
      within("sweeps", sweeps, 0, 16);
    }
  }

  private static GptqRequest plain(boolean rounding) {
    return new GptqRequest(
        0.01,
        RoutingWeight.NONE,
        128,
        ActOrder.NEVER,
        new Shrinkage(0.0),
        ScaleSearch.NONE,
        0,
        false,
        null,
        rounding);
  }

  /** These settings, and the other's where these leave something open. */
  GptqRequest orElse(GptqRequest other) {
    return new GptqRequest(
        Limits.orElse(damp, other.damp),
        Limits.orElse(routingWeight, other.routingWeight),
        Limits.orElse(blockSize, other.blockSize),
        Limits.orElse(actOrder, other.actOrder),
        Limits.orElse(shrinkage, other.shrinkage),
        Limits.orElse(scaleSearch, other.scaleSearch),
        Limits.orElse(sweeps, other.sweeps),
        Limits.orElse(refit, other.refit),
        Limits.orElse(precision, other.precision),
        Limits.orElse(rounding, other.rounding));
  }
}
