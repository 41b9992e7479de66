package org.alphaquant.allocate;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The multiple-choice knapsack problem (Kellerer, Pferschy and Pisinger 2004, Knapsack Problems,
 * chapter 11) by dynamic programming over sizes: one choice for every unit, with the least total
 * loss within the size limit.
 *
 * <p>Sizes are counted in their greatest common divisor where that gives few enough steps, which
 * makes the choice exact; else in rounded steps. If rounding makes the choice too large, it is
 * repeated with a smaller limit; the remaining size is spent greedily where it gains most.
 *
 * @param sizes of every unit's choices, [units][choices]
 * @param losses the loss of each choice, [units][choices]
 */
public record Knapsack(long[][] sizes, double[][] losses) {

  private static final int MOST_CELLS = 1 << 26;
  private static final int MOST_STEPS = 200_000;

  public Knapsack {
    if (sizes.length != losses.length || sizes.length == 0) {
      throw new IllegalArgumentException(
          "%d units have sizes and %d have losses".formatted(sizes.length, losses.length));
    }
    for (double[] unit : losses) {
      if (!Arrays.stream(unit).allMatch(Double::isFinite)) {
        throw new IllegalArgumentException("a loss is " + Arrays.toString(unit));
      }
    }
  }

  /** The least size that there is a choice for. */
  public long least() {
    return Arrays.stream(sizes).mapToLong(unit -> Arrays.stream(unit).min().orElseThrow()).sum();
  }

  /** The size of the largest choice. */
  public long most() {
    return Arrays.stream(sizes).mapToLong(unit -> Arrays.stream(unit).max().orElseThrow()).sum();
  }

  /** Size of a choice. */
  public long size(int[] choice) {
    return IntStream.range(0, choice.length).mapToLong(u -> sizes[u][choice[u]]).sum();
  }

  /** Loss of a choice. */
  public double loss(int[] choice) {
    return IntStream.range(0, choice.length).mapToDouble(u -> losses[u][choice[u]]).sum();
  }

  /**
   * The choice of every unit.
   *
   * @throws IllegalArgumentException if there is none that small
   */
  public int[] choose(long room) {
    if (room < least()) {
      throw new IllegalArgumentException(
          "no choice is smaller than %d, and there is room for %d".formatted(least(), room));
    }
    long step = step(room);
    for (long capacity = Math.min(room, most()); capacity >= least(); ) {
      int[] choice = choose(capacity, step);
      long over = choice == null ? step : size(choice) - room;
      if (choice != null && over <= 0) {
        return filled(choice, room);
      }
      capacity -= Math.max(over, step);
    }
    return filled(smallest(), room);
  }

  private int[] smallest() {
    return Arrays.stream(sizes)
        .mapToInt(
            unit ->
                IntStream.range(0, unit.length)
                    .reduce((a, b) -> unit[b] < unit[a] ? b : a)
                    .orElseThrow())
        .toArray();
  }

  // Exact where sizes have a common divisor that is large enough.
  private long step(long room) {
    long divisor =
        Arrays.stream(sizes).flatMapToLong(Arrays::stream).reduce(0, Knapsack::commonDivisor);
    long steps = Math.min(MOST_STEPS, MOST_CELLS / sizes.length);
    return Math.max(divisor, (Math.min(room, most()) + steps - 1) / steps);
  }

  private static long commonDivisor(long a, long b) {
    return b == 0 ? a : commonDivisor(b, a % b);
  }

  // Null where no choice is small enough by its rounded size.
  private int[] choose(long room, long step) {
    int steps = Math.toIntExact(room / step);
    double[] best = new double[steps + 1];
    byte[][] chosen = new byte[sizes.length][steps + 1];
    for (int u = 0; u < sizes.length; u++) {
      double[] with = new double[steps + 1];
      Arrays.fill(with, Double.POSITIVE_INFINITY);
      for (int c = 0; c < sizes[u].length; c++) {
        int size = Math.toIntExact(Math.min(steps + 1L, Math.round((double) sizes[u][c] / step)));
        for (int s = size; s <= steps; s++) {
          double loss = best[s - size] + losses[u][c];
          if (loss < with[s]) {
            with[s] = loss;
            chosen[u][s] = (byte) c;
          }
        }
      }
      best = with;
    }
    return Double.isInfinite(best[steps]) ? null : traced(chosen, steps, step);
  }

  private int[] traced(byte[][] chosen, int steps, long step) {
    int[] choice = new int[sizes.length];
    int left = steps;
    for (int u = sizes.length - 1; u >= 0; u--) {
      choice[u] = chosen[u][left];
      left -= Math.toIntExact(Math.round((double) sizes[u][choice[u]] / step));
    }
    return choice;
  }

  private int[] filled(int[] choice, long room) {
    int[] filled = choice.clone();
    boolean changed = true;
    while (changed) {
      changed = false;
      long left = room - size(filled);
      double most = 0;
      int unit = 0;
      int to = 0;
      for (int u = 0; u < filled.length; u++) {
        for (int c = 0; c < sizes[u].length; c++) {
          double gain = losses[u][filled[u]] - losses[u][c];
          if (sizes[u][c] - sizes[u][filled[u]] <= left && gain > most) {
            most = gain;
            unit = u;
            to = c;
            changed = true;
          }
        }
      }
      if (changed) {
        filled[unit] = to;
      }
    }
    return filled;
  }
}
