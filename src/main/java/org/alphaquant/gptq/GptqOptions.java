package org.alphaquant.gptq;

import org.alphaquant.format.WeightGrid;

/**
 * The solver's settings.
 *
 * @param damp added to the Hessian's diagonal, as a part of its mean (the paper's 0.01)
 * @param blockSize columns whose error is spread at once
 * @param order of the columns; scales stay with their groups
 * @param sweeps coordinate-descent sweeps after the error feedback
 * @param scaleSteps candidates of the scale search; 1 is the absolute maximum
 * @param weightedScales whether the scale search counts each input's error by the Hessian's
 *     diagonal
 * @param refit whether each sweep begins with least-squares scales for the codes as they are
 */
public record GptqOptions(
    double damp,
    int blockSize,
    ColumnOrder order,
    int sweeps,
    int scaleSteps,
    boolean weightedScales,
    boolean refit) {

  public GptqOptions {
    // The algorithm's own limits; JobSpec limits what a job may request.
    require(damp > 0, "damp", damp, "above 0");
    require(blockSize >= 1, "block_size", blockSize, "at least 1");
    require(sweeps >= 0, "sweeps", sweeps, "at least 0");
    require(scaleSteps >= 1, "scale steps", scaleSteps, "at least 1");
  }

  /** With scales searched for their plain squared error, and left so. */
  public GptqOptions(double damp, int blockSize, boolean actOrder, int sweeps, int scaleSteps) {
    this(
        damp,
        blockSize,
        actOrder ? ColumnOrder.ACTIVATION : ColumnOrder.NATURAL,
        sweeps,
        scaleSteps,
        false,
        false);
  }

  /** The defaults of a job. */
  public static GptqOptions defaults() {
    return new GptqOptions(0.01, 128, ColumnOrder.AUTO, 2, 48, false, true);
  }

  /** Whether the scales of a grid are fitted to its codes between sweeps. */
  boolean refits(WeightGrid grid) {
    return refit && grid.refittable();
  }

  /**
   * Whether the search counts each input's error by the Hessian's diagonal: where it is asked for,
   * and for scales of two levels or with minima, which cannot follow their codes later.
   */
  boolean weights(WeightGrid grid) {
    boolean follows = grid.levels() == null && !grid.minima();
    return weightedScales || scaleSteps > 1 && !follows;
  }

  /**
   * Whether columns are taken by falling diagonal. Refitted scales make it useless: groups are then
   * swept in natural order, which recovers what the order gains.
   */
  boolean actOrder(WeightGrid grid) {
    return order == ColumnOrder.ACTIVATION || order == ColumnOrder.AUTO && !refits(grid);
  }

  private static void require(boolean holds, String name, Object value, String limit) {
    if (!holds) {
      throw new IllegalArgumentException("%s is %s; it must be %s".formatted(name, value, limit));
    }
  }
}
