package org.alphaquant.gptq;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.alphaquant.format.WeightGrid;
import org.alphaquant.torch.TensorScope;

/**
 * Chooses for each matrix what its inputs cannot tell beforehand, the damping and whether columns
 * are taken by falling diagonal: some outputs are solved on a part of the calibration tokens, and
 * what leaves the least error on the other tokens is taken.
 *
 * @param training Hessians without the tokens held out, [B, K, K]
 * @param heldOut those of these tokens alone
 * @param rows outputs that are solved at once later
 * @param sharing with whom settings are tried
 */
record Trials(
    GptqOptions options,
    WeightGrid grid,
    NDArray weight,
    NDArray training,
    NDArray heldOut,
    long rows,
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
   *
   * <p>The choice may be of several settings, that of all elements after that of all elements: they
   * are solved as one batch.
   */
  interface Solver {
    float[] errors(
        TensorScope scope, NDArray weight, NDArray training, NDArray heldOut, Choice choice);
  }

  /** What all elements are solved with at once. */
  private record Setting(float[] damps, boolean[] ordered) {}

  Choice choose(TensorScope parent, Solver solver) {
    try (TensorScope scope = parent.child("trial")) {
      NDArray some = scope.run("trials.sampled_rows", weight, OUTPUTS);
      List<Setting> dampings = options.damps().stream().map(damp -> of(damp, false)).toList();
      List<Setting> first = new ArrayList<>(dampings);
      boolean all = together(scope, FEW, (options.triesOrder(grid) ? 2 : 1) * dampings.size());
      if (all && options.triesOrder(grid)) {
        options.damps().forEach(damp -> first.add(of(damp, true)));
      }
      List<float[]> errors = tried(scope, solver, some, first, all);
      int[] best = best(errors.subList(0, dampings.size()));
      if (!options.triesOrder(grid)) {
        return Choice.of(parent, damps(best), all(options.actOrder()));
      }
      float[] inOrder =
          all
              ? picked(errors.subList(dampings.size(), errors.size()), best)
              : errors(scope, solver, some, List.of(new Setting(damps(best), all(true))));
      return Choice.of(parent, damps(best), ordered(inOrder, picked(errors, best)));
    }
  }

  private boolean together(TensorScope scope, long numbers, int settings) {
    return scope.cuda().isPresent() && settings * training.size() <= numbers;
  }

  /** The errors of each setting: each device tries its part of all, or as many at once as fit. */
  private List<float[]> tried(
      TensorScope scope, Solver solver, NDArray some, List<Setting> settings, boolean all) {
    if (all) {
      int begin = sharing.begin(settings.size());
      int end = sharing.end(settings.size());
      float[] own =
          begin == end ? new float[0] : errors(scope, solver, some, settings.subList(begin, end));
      return bySetting(sharing.joined(own));
    }
    int most = together(scope, room(), 2 * settings.size() - 2) ? settings.size() : 1;
    List<float[]> errors = new ArrayList<>();
    for (int at = 0; at < settings.size(); at += most) {
      errors.addAll(bySetting(errors(scope, solver, some, settings.subList(at, at + most))));
    }
    return errors;
  }

  private List<float[]> bySetting(float... errors) {
    return IntStream.range(0, errors.length / count())
        .mapToObj(setting -> Arrays.copyOfRange(errors, setting * count(), (setting + 1) * count()))
        .toList();
  }

  // Of each further setting a Hessian and its factor are held; of all outputs the result is later,
  // and of those that are solved at once four arrays.
  private long room() {
    long outputs = weight.getShape().get(1);
    return weight.size() / outputs * (outputs + 4 * Math.min(rows, outputs));
  }

  // The setting with the least error of each element, the first of equal ones.
  private int[] best(List<float[]> errors) {
    int[] best = new int[count()];
    for (int b = 0; b < best.length; b++) {
      for (int setting = 1; setting < errors.size(); setting++) {
        best[b] = errors.get(setting)[b] < errors.get(best[b])[b] ? setting : best[b];
      }
    }
    return best;
  }

  private static float[] picked(List<float[]> errors, int... settings) {
    float[] picked = new float[settings.length];
    for (int b = 0; b < picked.length; b++) {
      picked[b] = errors.get(settings[b])[b];
    }
    return picked;
  }

  private static boolean[] ordered(float[] inOrder, float[] own) {
    boolean[] ordered = new boolean[own.length];
    for (int b = 0; b < ordered.length; b++) {
      ordered[b] = inOrder[b] < (1 - LEAST_GAIN) * own[b];
    }
    return ordered;
  }

  /** The errors of some settings, one after the other, solved as one batch. */
  private float[] errors(TensorScope scope, Solver solver, NDArray some, List<Setting> settings) {
    int count = count();
    float[] damps = new float[settings.size() * count];
    boolean[] ordered = new boolean[damps.length];
    for (int setting = 0; setting < settings.size(); setting++) {
      System.arraycopy(settings.get(setting).damps, 0, damps, setting * count, count);
      System.arraycopy(settings.get(setting).ordered, 0, ordered, setting * count, count);
    }
    try (TensorScope batch = scope.child("settings")) {
      return solver.errors(batch, some, training, heldOut, Choice.of(batch, damps, ordered));
    }
  }

  private int count() {
    return Math.toIntExact(weight.getShape().get(0));
  }

  // Where both orders are tried the dampings are in the inputs' own.
  private Setting of(double damp, boolean inOrder) {
    float[] damps = new float[count()];
    Arrays.fill(damps, (float) damp);
    return new Setting(damps, all(inOrder || options.actOrder() && !options.triesOrder(grid)));
  }

  private boolean[] all(boolean ordered) {
    boolean[] all = new boolean[count()];
    Arrays.fill(all, ordered);
    return all;
  }

  private float[] damps(int... numbers) {
    float[] damps = new float[numbers.length];
    for (int b = 0; b < damps.length; b++) {
      damps[b] = options.damps().get(numbers[b]).floatValue();
    }
    return damps;
  }
}
