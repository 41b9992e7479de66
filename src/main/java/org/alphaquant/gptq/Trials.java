package org.alphaquant.gptq;

import ai.djl.ndarray.NDArray;
import java.util.Arrays;
import org.alphaquant.format.WeightGrid;
import org.alphaquant.torch.TensorScope;

/**
 * Chooses for each matrix what its inputs cannot tell beforehand, the damping and whether columns
 * are taken by falling diagonal: some outputs are solved on a part of the calibration tokens, and
 * what leaves the least error on the other tokens is taken.
 *
 * @param training Hessians without the tokens held out, [B, K, K]
 * @param heldOut those of these tokens alone
 * @param sharing with whom settings are tried
 */
record Trials(
    GptqOptions options,
    WeightGrid grid,
    NDArray weight,
    NDArray training,
    NDArray heldOut,
    Sharing sharing) {

  // Enough to rank settings by, and few enough to cost little beside a whole matrix.
  private static final int OUTPUTS = 64;

  // What the order of columns gains must show: below that it is the noise of few tokens.
  private static final float LEAST_GAIN = 0.03f;

  // So many numbers of Hessians take a GPU as long as fewer.
  private static final long FEW = 1L << 26;

  /**
   * Solves outputs on training tokens and gives the errors that these have on others, of each
   * element.
   */
  interface Solver {
    float[] errors(
        TensorScope scope, NDArray weight, NDArray training, NDArray heldOut, Choice choice);
  }

  Choice choose(TensorScope parent, Solver solver) {
    try (TensorScope scope = parent.child("trial")) {
      NDArray some = scope.run("trials.sampled_rows", weight, OUTPUTS);
      boolean few = settings() * training.size() <= FEW;
      Tried tried =
          few && scope.cuda().isPresent()
              ? new Together(scope, solver, some)
              : new OneByOne(scope, solver, some);
      int[] best = new int[count()];
      float[] least = tried.errors(0);
      for (int damp = 1; damp < options.damps().size(); damp++) {
        float[] errors = tried.errors(damp);
        for (int b = 0; b < best.length; b++) {
          if (errors[b] < least[b]) {
            least[b] = errors[b];
            best[b] = damp;
          }
        }
      }
      return Choice.of(parent, damps(best), ordered(tried, best, least));
    }
  }

  private boolean[] ordered(Tried tried, int[] best, float[] least) {
    if (!options.triesOrder(grid)) {
      return all(options.actOrder());
    }
    float[] errors = tried.errorsInOrder(best);
    boolean[] ordered = new boolean[best.length];
    for (int b = 0; b < best.length; b++) {
      ordered[b] = errors[b] < (1 - LEAST_GAIN) * least[b];
    }
    return ordered;
  }

  private int count() {
    return Math.toIntExact(weight.getShape().get(0));
  }

  private int settings() {
    return options.damps().size() * (options.triesOrder(grid) ? 2 : 1);
  }

  private boolean[] all(boolean ordered) {
    boolean[] all = new boolean[count()];
    Arrays.fill(all, ordered);
    return all;
  }

  // Where both orders are tried the dampings are in the inputs' own.
  private boolean startsOrdered() {
    return options.actOrder() && !options.triesOrder(grid);
  }

  private float[] damps(int... numbers) {
    float[] damps = new float[numbers.length];
    for (int b = 0; b < damps.length; b++) {
      damps[b] = options.damps().get(numbers[b]).floatValue();
    }
    return damps;
  }

  /**
   * Errors of each element: with one damping for all, and by falling diagonal with each its own.
   */
  private interface Tried {
    float[] errors(int damp);

    float[] errorsInOrder(int... damps);
  }

  /** One setting after the other. */
  private final class OneByOne implements Tried {

    private final TensorScope scope;
    private final Solver solver;
    private final NDArray some;

    OneByOne(TensorScope scope, Solver solver, NDArray some) {
      this.scope = scope;
      this.solver = solver;
      this.some = some;
    }

    @Override
    public float[] errors(int damp) {
      int[] same = new int[count()];
      Arrays.fill(same, damp);
      return errors(damps(same), all(startsOrdered()));
    }

    @Override
    public float[] errorsInOrder(int... damps) {
      return errors(damps(damps), all(true));
    }

    private float[] errors(float[] damps, boolean... ordered) {
      try (TensorScope one = scope.child("setting")) {
        return solver.errors(one, some, training, heldOut, Choice.of(one, damps, ordered));
      }
    }
  }

  /** All settings as one batch, among them some that nobody asks for. */
  private final class Together implements Tried {

    private final float[] errors;

    Together(TensorScope scope, Solver solver, NDArray some) {
      int begin = sharing.begin(settings());
      int end = sharing.end(settings());
      this.errors =
          sharing.joined(begin == end ? new float[0] : errors(scope, solver, some, begin, end));
    }

    // With settings begin..end-1.
    private float[] errors(TensorScope scope, Solver solver, NDArray some, int begin, int end) {
      int settings = end - begin;
      int all = settings * count();
      float[] damps = new float[all];
      boolean[] ordered = new boolean[all];
      for (int at = 0; at < all; at++) {
        int setting = begin + at / count();
        damps[at] = options.damps().get(setting % options.damps().size()).floatValue();
        ordered[at] = setting >= options.damps().size() || startsOrdered();
      }
      return solver.errors(
          scope,
          scope.run("trials.several", some, settings),
          scope.run("trials.several", training, settings),
          scope.run("trials.several", heldOut, settings),
          Choice.of(scope, damps, ordered));
    }

    @Override
    public float[] errors(int damp) {
      return Arrays.copyOfRange(errors, damp * count(), (damp + 1) * count());
    }

    @Override
    public float[] errorsInOrder(int... damps) {
      float[] own = new float[damps.length];
      for (int b = 0; b < own.length; b++) {
        own[b] = errors[(options.damps().size() + damps[b]) * count() + b];
      }
      return own;
    }
  }
}
