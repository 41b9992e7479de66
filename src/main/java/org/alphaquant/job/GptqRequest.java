package org.alphaquant.job;

import static org.alphaquant.job.Limits.within;

import org.alphaquant.architecture.Precision;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * The solver's settings. The recipe fills in what is null; a stored specification is complete.
 *
 * @param damp added to the Hessian's diagonal, as a fraction of the diagonal's mean
 * @param routingWeight weight of a token in the Hessians of its experts
 * @param blockSize columns per lazy update of the solver
 * @param actOrder whether columns are quantized in decreasing order of the Hessian's diagonal
 * @param shrinkage how far each expert's Hessian is shrunk towards the layer's mean
 * @param scaleSearch how each group's scale is found
 * @param sweeps coordinate-descent sweeps after the column loop
 * @param refit whether each sweep first fits the scales to the current codes by least squares
 * @param precision arithmetic of calibration on a GPU; by default TF32 for a source of 16 bits and
 *     float32 otherwise
 * @param rounding whether every weight is rounded to its nearest code, without GPTQ
 */
@JsonNaming(SnakeCaseStrategy.class)
public record GptqRequest(
    Damp damp,
    RoutingWeight routingWeight,
    Integer blockSize,
    ActOrder actOrder,
    Shrinkage shrinkage,
    ScaleSearch scaleSearch,
    Integer sweeps,
    Boolean refit,
    Precision precision,
    Boolean rounding) {

  /** Calibration sequences that some are held out of. */
  public static final int LEAST_HELD_OUT = 16;

  static final GptqRequest OPEN =
      new GptqRequest(null, null, null, null, null, null, null, null, null, null);

  static final GptqRequest MOE =
      new GptqRequest(
          Damp.AUTO,
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
    if (blockSize != null) {
      within("block_size", blockSize, 1, 4096);
    }
    if (sweeps != null) {
      within("sweeps", sweeps, 0, 16);
    }
  }

  /**
   * Solves of a few outputs of each matrix that choose its settings by held-out error; none where
   * nothing is chosen, or of too few sequences.
   */
  public int trials(long sequences) {
    boolean order = actOrder == ActOrder.AUTO && refit;
    int settings = damp.candidates().size() + (order ? 1 : 0);
    return settings > 1 && !rounding && sequences >= LEAST_HELD_OUT ? settings : 0;
  }

  private static GptqRequest plain(boolean rounding) {
    return new GptqRequest(
        new Damp(0.01),
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

  /** These settings, completed by the other's where they are null. */
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
