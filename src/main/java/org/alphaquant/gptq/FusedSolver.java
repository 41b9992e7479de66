package org.alphaquant.gptq;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import org.alphaquant.cuda.CudaDevice;
import org.alphaquant.format.WeightGrid;
import org.alphaquant.torch.TensorScope;

/**
 * {@code solver.solve} and {@code scales.search} with the columns' loops in fused kernels: the same
 * steps in the same order on a GPU, where a script's column costs several launches. Everything else
 * stays a script.
 */
final class FusedSolver {

  private final GptqOptions options;
  private final WeightGrid grid;
  private final SolverKernels kernels;

  FusedSolver(CudaDevice device, GptqOptions options, WeightGrid grid, boolean reduced) {
    this.options = options;
    this.grid = grid;
    this.kernels = SolverKernels.of(device, grid, reduced);
  }

  boolean searches() {
    return kernels.grid().searches();
  }

  /** Scale and zero point of every group as scales.search gives them, [B, R, G]. */
  NDList search(TensorScope scope, NDArray weight, NDArray importance, NDArray outer) {
    NDList found = scope.runAll("fused.empty_scales", weight, grid.groupSize());
    kernels
        .search()
        .search(scope, weight, importance, outer, options.scaleSteps(), found.get(0), found.get(1));
    return found;
  }

  /**
   * Solves a batch.
   *
   * @param choice of damping and order
   * @param scales scale, zero point and outer scale
   * @param rows outputs at once
   * @return what solver.solve returns, and the codes, uint8 [B, R, K]
   */
  NDList solve(
      TensorScope scope, NDArray weight, NDArray hessian, Choice choice, NDList scales, long rows) {
    Batch batch = new Batch(scope, weight, hessian, scales, choice, true);
    long all = weight.getShape().get(1);
    for (long first = 0; first < all; first += rows) {
      try (TensorScope part = scope.child("rows")) {
        solve(part, batch, first, Math.min(all, first + rows));
      }
    }
    return batch.results();
  }

  /** What all rows share, and where their results go. */
  private final class Batch {

    private final NDArray weight;
    private final NDArray hessian;
    private final NDList scales;
    private final NDArray order;
    private final NDArray back;
    private final NDArray ordered;
    private final NDArray factor;
    private final NDArray damped;
    private final NDArray damping;
    private final NDArray good;
    private final NDArray ownGroups;
    private final NDArray groups;
    private final NDArray quantized;
    private final NDArray codes;
    private final NDArray fitted;
    private final NDArray zeros;
    private final NDArray roundingError;
    private final NDArray error;
    private final NDArray energy;
    private final ErrorProducts products;
    private final boolean reorders;

    Batch(
        TensorScope scope,
        NDArray weight,
        NDArray hessian,
        NDList scales,
        Choice choice,
        boolean raises) {
      this.reorders = choice.reorders();
      this.weight = weight;
      this.hessian = scope.run("tensor.contiguous", hessian);
      this.scales = scales;
      NDList orders =
          scope.runAll(reorders ? "fused.orders" : "fused.own_order", hessian, choice.ordered());
      this.order = orders.get(0);
      this.back = orders.get(1);
      this.ordered =
          reorders
              ? kernels.factor().reorderedBothWays(scope, hessian, order)
              : scope.run("tensor.contiguous", hessian);
      Factor found = new Factor(scope, ordered, choice.damp(), kernels.factor(), raises);
      this.damping = found.damping();
      this.good = found.good();
      this.damped = inSweepOrder(scope, found);
      this.factor = found.unitColumns();
      this.ownGroups = scope.run("fused.own_groups", order, grid.groupSize());
      this.groups = reorders ? scope.run("fused.groups", order, grid.groupSize()) : ownGroups;
      this.quantized = scope.run("fused.empty_weights", weight);
      this.codes = scope.run("fused.empty_codes", weight);
      this.fitted = scope.run("fused.copied", scales.get(0));
      this.zeros = scope.run("fused.copied", scales.get(1));
      this.roundingError = scope.run("fused.per_output", weight);
      this.error = scope.run("fused.per_output", weight);
      this.energy = scope.run("fused.per_output", weight);
      this.products = new ErrorProducts(scope, kernels.products(), weight);
    }

    // Groups stand side by side only in the inputs' own order, so that is what sweeps with refits
    // take.
    private NDArray inSweepOrder(TensorScope scope, Factor found) {
      if (!reorders || !options.refits(grid)) {
        return found.damped();
      }
      ordered.close();
      // Damped anew where that gives the same: reordering would take two more of its size.
      return found.gaveUp()
          ? bothWays(scope, found.damped(), back)
          : found.dampedAnew(scope, hessian);
    }

    NDList results() {
      return new NDList(quantized, fitted, roundingError, error, energy, damping, zeros, codes);
    }
  }

  private void solve(TensorScope scope, Batch batch, long first, long last) {
    Rows rows = new Rows(scope, batch, first, last);
    measureRounding(scope, batch, rows.own, rows.inOwnOrder, first);
    ErrorProducts products = batch.products;
    ErrorProducts.Matrix damped = products.matrix(scope, batch.damped);
    Solved solved = columns(scope, batch, rows, (s, w, q) -> products.residual(s, damped, w, q));
    damped.close(batch.damped);
    NDArray hessian = sweepsInOrder(batch) ? batch.ordered : batch.hessian;
    products.sums(
        scope,
        products.matrix(scope, hessian),
        products.errors(scope, solved.weight, solved.quantized),
        batch.error,
        first);
    NDArray quantized = inOwnOrder(scope, batch, solved);
    kernels
        .rounding()
        .store(scope, quantized, rows.inOwnOrder, batch.quantized, batch.codes, first);
    if (options.refits(grid)) {
      scope.runInPlace("fused.rows_into", batch.fitted, first, rows.scale);
      scope.runInPlace("fused.rows_into", batch.zeros, first, rows.zero);
    }
  }

  /**
   * The error that a few outputs have on other tokens once they are solved on these.
   *
   * @param weight float32 [B, R, K]
   * @param training Hessians to solve on, [B, K, K], or fewer that several elements have in common
   * @param heldOut as many Hessians of the other tokens
   * @param raises whether damping grows where it does not suffice
   * @return tr E H Eᵀ of each element, [B]; not a number where damping does not suffice
   */
  NDArray errorsOn(
      TensorScope parent,
      NDArray weight,
      NDArray training,
      NDArray heldOut,
      Choice choice,
      NDList scales,
      boolean raises) {
    try (TensorScope scope = parent.child("few outputs")) {
      Batch batch = new Batch(scope, weight, training, scales, choice, raises);
      Rows rows = new Rows(scope, batch, 0, weight.getShape().get(1));
      Solved solved =
          columns(scope, batch, rows, (s, w, q) -> residualOfFew(s, batch.damped, w, q));
      NDArray quantized = inOwnOrder(scope, batch, solved);
      NDArray error = scope.run("fused.difference", rows.own, quantized);
      NDArray negative = kernels.products().negativeProduct(scope, heldOut, error);
      NDArray errors = kernels.products().traces(scope, error, negative);
      return scope.keep(parent, raises ? errors : scope.run("trials.of_good", errors, batch.good));
    }
  }

  /** Some outputs [B, K, n] with their scales, in the inputs' own order and in the columns'. */
  private final class Rows {

    private final long first;
    private final long last;
    private final NDArray own;
    private final NDArray scale;
    private final NDArray zero;
    private final Scales inOwnOrder;
    private final Scales inOrder;

    Rows(TensorScope scope, Batch batch, long first, long last) {
      this.first = first;
      this.last = last;
      this.own = kernels.rounding().transposed(scope, batch.weight, first, last);
      this.scale = scope.run("fused.columns", batch.fitted, first, last);
      this.zero = scope.run("fused.columns", batch.zeros, first, last);
      this.inOwnOrder = new Scales(scale, zero, batch.ownGroups);
      this.inOrder = new Scales(scale, zero, batch.groups);
    }
  }

  private boolean sweepsInOrder(Batch batch) {
    return batch.reorders && !options.refits(grid);
  }

  /** H (W - Q). */
  private interface Residuals {
    NDArray of(TensorScope scope, NDArray weight, NDArray quantized);
  }

  private NDArray residualOfFew(
      TensorScope scope, NDArray hessian, NDArray weight, NDArray quantized) {
    NDArray negative = scope.run("fused.difference", quantized, weight);
    NDArray residual = kernels.products().negativeProduct(scope, hessian, negative);
    negative.close();
    return residual;
  }

  /** Outputs [B, K, n] and what they became, both in the order that sweeps take. */
  private record Solved(NDArray weight, NDArray quantized) {}

  private NDArray inOwnOrder(TensorScope scope, Batch batch, Solved solved) {
    return sweepsInOrder(batch) ? reordered(scope, solved.quantized, batch.back) : solved.quantized;
  }

  // Error feedback and sweeps. What is in the columns' order is held no longer than it is needed.
  private Solved columns(TensorScope scope, Batch batch, Rows rows, Residuals residuals) {
    boolean refits = options.refits(grid);
    NDArray weight =
        batch.reorders ? kernels.factor().reordered(scope, rows.own, batch.order) : rows.own;
    NDArray quantized = scope.run("fused.empty_weights", rows.own);
    feedback(scope, batch, weight, rows.inOrder, quantized);
    if (rows.last == batch.weight.getShape().get(1)) {
      batch.factor.close();
    }
    if (batch.reorders && refits) {
      quantized = reordered(scope, quantized, batch.back);
      weight.close();
      weight = rows.own;
    }
    Scales scales = sweepsInOrder(batch) ? rows.inOrder : rows.inOwnOrder;
    NDArray outer = batch.scales.get(2);
    for (int sweep = 0; sweep < options.sweeps(); sweep++) {
      if (refits && !kernels.grid().refits()) {
        refitByScript(scope, batch, rows, weight, quantized);
      }
      NDArray residual = residuals.of(scope, weight, quantized);
      if (refits && kernels.grid().refits()) {
        kernels.refit().refit(scope, quantized, residual, batch.damped, rows.scale, outer);
      }
      kernels.sweep().descend(scope, residual, batch.damped, scales, quantized);
      residual.close();
    }
    return new Solved(weight, quantized);
  }

  private void refitByScript(
      TensorScope scope, Batch batch, Rows rows, NDArray weight, NDArray quantized) {
    scope.runInPlace(
        "fused.refit",
        quantized,
        weight,
        batch.damped,
        rows.scale,
        rows.zero,
        batch.scales.get(2),
        grid.numbers(),
        rows.first,
        rows.last);
  }

  private void measureRounding(
      TensorScope parent, Batch batch, NDArray weight, Scales scales, long first) {
    try (TensorScope scope = parent.child("rounding")) {
      ErrorProducts products = batch.products;
      ErrorProducts.Matrix hessian = products.matrix(scope, batch.hessian);
      products.sums(scope, hessian, products.errors(scope, weight, null), batch.energy, first);
      NDArray error = products.room(scope, weight);
      kernels.rounding().error(scope, weight, scales, error, products.shift(scope));
      products.sums(scope, hessian, error, batch.roundingError, first);
    }
  }

  private void feedback(
      TensorScope parent, Batch batch, NDArray weight, Scales scales, NDArray quantized) {
    try (TensorScope scope = parent.child("feedback")) {
      NDArray correction = scope.run("fused.zeros", weight);
      kernels.sweep().errorFeedback(scope, weight, correction, batch.factor, scales, quantized);
    }
  }

  // In place of the array, which is closed.
  private NDArray reordered(TensorScope scope, NDArray array, NDArray order) {
    NDArray replacement = kernels.factor().reordered(scope, array, order);
    array.close();
    return replacement;
  }

  private NDArray bothWays(TensorScope scope, NDArray array, NDArray order) {
    NDArray replacement = kernels.factor().reorderedBothWays(scope, array, order);
    array.close();
    return replacement;
  }
}
