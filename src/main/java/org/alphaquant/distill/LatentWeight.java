package org.alphaquant.distill;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.format.WeightGrid;
import org.alphaquant.storage.QuantizedBatch;
import org.alphaquant.torch.TensorScope;

/**
 * Quantized rows of a leaf in training: latent weights {@code [B, R, K]}, their scales, zero points
 * where minima are stored for them, and Adam's moments of all. The leaf's rows always equal the
 * dequantized result.
 */
final class LatentWeight {

  private static final double MARGIN = 0.45;

  private final Rows rows;
  private final TensorScheme scheme;
  private final WeightGrid grid;
  private final int rounding;
  private final NDArray latent;
  private final NDArray scale;
  private final NDArray zero;
  private final NDArray outer;
  private final NDArray largest;
  private final List<NDArray> moments;
  private final double meanScale;

  /**
   * Rows of a leaf [B, R, K] or [R, K] that are whole modules.
   *
   * @param elements positions in the first dimension; all of them in order where it has no first
   * @param first row of an element that the modules begin at
   * @param parts the modules of each element: those of its first rows, then those of as many more,
   *     and so on; in each part by element
   */
  record Rows(NDArray leaf, long[] elements, long first, long count, List<List<String>> parts) {}

  /** A batch of solutions, by element. */
  record Start(NDArray codes, NDArray scale, NDArray zero, NDArray outer, NDArray largest) {}

  /**
   * Begins with the original weight, within the cells that were solved.
   *
   * @param scope owns everything that is trained
   * @param original float32 [B, R, K]
   * @param rounding the dtype that the format rounds the weight itself to, if it does
   */
  LatentWeight(
      TensorScope scope,
      Rows rows,
      TensorScheme scheme,
      WeightGrid grid,
      OptionalInt rounding,
      NDArray original,
      Start start) {
    this.rows = rows;
    this.scheme = scheme;
    this.grid = grid;
    this.rounding = rounding.orElse(-1);
    this.scale = start.scale();
    this.zero = start.zero();
    this.outer = start.outer();
    this.largest = start.largest();
    this.latent =
        scope.run("distill.latent", original, start.codes(), scale, zero, grid.numbers(), MARGIN);
    this.moments =
        trained().stream()
            .flatMap(of -> Stream.of(of, of))
            .map(of -> scope.run("tensor.zeros_like", of))
            .toList();
    this.meanScale = scope.run("distill.mean_size", scale).getFloat();
    store(scope);
  }

  NDArray leaf() {
    return rows.leaf();
  }

  /** The state that is needed to resume, in a fixed order. */
  List<NDArray> state() {
    List<NDArray> state = new ArrayList<>(trained());
    state.addAll(moments);
    return state;
  }

  private List<NDArray> trained() {
    return grid.minima() ? List.of(latent, scale, zero) : List.of(latent, scale);
  }

  /**
   * One step.
   *
   * @param gradient of the whole leaf
   * @param factor what all learning rates are multiplied with
   */
  void move(
      TensorScope parent, NDArray gradient, DistillSettings settings, double factor, int step) {
    try (TensorScope scope = parent.child("optimiser")) {
      NDArray own =
          scope.run(
              "distill.rows", gradient, rows.elements(), rows.first(), rows.first() + rows.count());
      scope.runInPlace(
          "distill.move_weight",
          latent,
          scale,
          zero,
          outer,
          new NDList(moments),
          own,
          grid.numbers(),
          new Adam(settings.latentRate() * factor, step).numbers(),
          settings.scaleRate() * meanScale * factor);
      store(scope);
    }
  }

  /** Puts the weight as it would be stored into the leaf. */
  void store(TensorScope parent) {
    try (TensorScope scope = parent.child("store")) {
      scope.runInPlace(
          "distill.put",
          rows.leaf(),
          weight(scope),
          rows.elements(),
          rows.first(),
          rows.first() + rows.count());
    }
  }

  TensorScheme scheme() {
    return scheme;
  }

  /** The modules, as {@link Rows} has them. */
  List<List<String>> parts() {
    return rows.parts();
  }

  /** The trained rows as a storage format takes them, owned by {@code scope}. */
  QuantizedBatch result(TensorScope scope) {
    return new QuantizedBatch(
        weight(scope),
        scope.run("distill.stored_codes", latent, grid.numbers()),
        scope.run("distill.stored_scale", scale, outer, grid.numbers()),
        scope.run("distill.stored_zero", scale, zero, outer, grid.numbers()),
        outer,
        largest);
  }

  private NDArray weight(TensorScope scope) {
    return scope.run("distill.stored_weight", latent, scale, zero, outer, grid.numbers(), rounding);
  }
}
