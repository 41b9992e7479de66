package org.alphaquant.gptq;

import java.util.List;
import org.alphaquant.format.WeightGrid;

/**
 * The solver's settings.
 *
 * @param damps what may be added to the Hessian's diagonal, as a part of its mean (the paper's
 *     0.01): of several each matrix takes the one with the least error on tokens held out, and the
 *     first where there are none
 * @param blockSize columns whose error is spread at once
 * @param order of the columns; scales stay with their groups
 * @param sweeps coordinate-descent sweeps after the error feedback
 * @param scaleSteps candidates of the scale search; 1 is the absolute maximum
 * @param weightedScales whether the scale search counts each input's error by the Hessian's
 *     diagonal
 * @param refit whether each sweep begins with least-squares scales for the codes as they are
 */
public record GptqOptions(
    List<Double> damps,
    int blockSize,
    ColumnOrder order,
    int sweeps,
    int scaleSteps,
    boolean weightedScales,
    boolean refit) {

  public GptqOptions {
    // The algorithm's own limits; JobSpec limits what a job may request.
    damps = List.copyOf(damps);
    require(!damps.isEmpty(), "the number of dampings", damps.size(), "at least 1");
    damps.forEach(damp -> require(damp > 0, "damp", damp, "above 0"));
    require(blockSize >= 1, "block_size", blockSize, "at least 1");
    require(sweeps >= 0, "sweeps", sweeps, "at least 0");
    require(scaleSteps >= 1, "scale steps", scaleSteps, "at least 1");
  }

  /** With scales searched for their plain squared error, and left so. */
  public GptqOptions(double damp, int blockSize, boolean actOrder, int sweeps, int scaleSteps) {
    this(
        List.of(damp),
        blockSize,
        actOrder ? ColumnOrder.ACTIVATION : ColumnOrder.NATURAL,
        sweeps,
        scaleSteps,
        false,
        false);
  }

  /** The defaults of a job. */
  public static GptqOptions defaults() {
    return new GptqOptions(List.of(0.01), 128, ColumnOrder.AUTO, 2, 48, false, true);
  }

  /** Whether anything is chosen by the error on tokens held out, for some grid. */
  public boolean tries() {
    return triesDamp() || order == ColumnOrder.AUTO && refit;
  }

  /** Whether each matrix takes the damping that is best on tokens held out. */
  boolean triesDamp() {
    return damps.size() > 1;
  }

  /** Whether each matrix takes the order that is better on tokens held out. */
  boolean triesOrder(WeightGrid grid) {
    return order == ColumnOrder.AUTO && refits(grid);
  }

  /** Whether the scales of a grid are fitted to its codes between sweeps. */
  boolean refits(WeightGrid grid) {
    return refit && grid.refittable();
  }

  /**
   * Whether the search counts each input's error by the Hessian's diagonal: where it is asked for,
   * and for scales of two levels or with minima, of which only what is next to the found one is
   * tried again later.
   */
  boolean weights(WeightGrid grid) {
    boolean alone = grid.levels() == null && !grid.minima();
    return weightedScales || scaleSteps > 1 && !alone;
  }

  /** Whether columns are taken by falling diagonal, where no tokens are held out to decide it. */
  boolean actOrder() {
    return order != ColumnOrder.NATURAL;
  }

  private static void require(boolean holds, String name, Object value, String limit) {
    if (!holds) {
      throw new IllegalArgumentException("%s is %s; it must be %s".formatted(name, value, limit));
    }
  }
}
