package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.Optional;
import org.alphaquant.model.block.Dispatch;
import org.alphaquant.model.block.ExpertWeights;
import org.alphaquant.torch.RowKernels;
import org.alphaquant.torch.TensorScope;

/**
 * Hessians of the down projections of experts over this device's tokens, with gate and up as they
 * are now. What down reads may be kept, of all tokens even where sequences held out alone are
 * summed: {@code places} tells their rows then. Where it is not kept it is computed one expert at a
 * time, of the tokens that are summed alone.
 */
record DownHessians(ExpertInputs inputs) {

  /**
   * Of some experts, [C, M, M].
   *
   * @param activations what down reads, where that is kept
   */
  NDArray of(
      TensorScope scope, ExpertWeights weights, Optional<ExpertActivations.Kept> activations) {
    Optional<PaddedProducts> padded =
        activations.isPresent() && inputs.places() == null
            ? PaddedProducts.of(scope, inputs.dispatch(), weights)
            : Optional.empty();
    if (padded.isPresent()) {
      return padded.get().downHessians(scope, activations.get().read(), inputs.power());
    }
    Optional<GramSums> sums = GramSums.of(scope);
    Optional<HalfProducts> halves = HalfProducts.of(scope, weights);
    if (sums.isPresent() && activations.isPresent()) {
      return new Reduced(scope, sums.get(), weights).ofKept(activations.get());
    }
    if (sums.isPresent() && halves.isPresent()) {
      return new Reduced(scope, sums.get(), weights).ofEach(halves.get());
    }
    return activations
        .map(kept -> byScript(scope, weights, kept.read()))
        .orElseGet(() -> inputs.sumOverActivations(scope, "hessian.of_experts", weights));
  }

  private NDArray byScript(TensorScope scope, ExpertWeights weights, NDList read) {
    long[] offsets = inputs.dispatch().offsets();
    try (TensorScope work = scope.child("down")) {
      NDList own =
          inputs.places() == null
              ? read
              : work.runAll("held_out.own_rows", read, inputs.places(), offsets, weights.from());
      return work.keep(
          scope,
          work.run(
              "hessian.of_activations",
              own,
              inputs.dispatch().weights(),
              offsets,
              weights.from(),
              inputs.power(),
              Dispatch.ROWS));
    }
  }

  /** Those summed of rows in 16 bits. */
  private final class Reduced {

    private final TensorScope scope;
    private final GramSums sums;
    private final ExpertWeights weights;
    private final NDArray counts;
    private final double power;
    private final GramSums.Slice slice;
    private final NDArray hessians;
    private final NDArray most;

    Reduced(TensorScope scope, GramSums sums, ExpertWeights weights) {
      this.scope = scope;
      this.sums = sums;
      this.weights = weights;
      this.counts = inputs.dispatch().weights();
      this.power = inputs.power();
      this.slice = new GramSums.Slice(inputs.dispatch().offsets(), weights.from());
      long width = weights.down().getShape().get(2);
      this.hessians = scope.run("hessian.zeros", inputs.h(), weights.count(), width);
      this.most = scope.run("gram.most_weight", counts, power);
    }

    NDArray ofKept(ExpertActivations.Kept kept) {
      NDArray largest = kept.largest(scope, inputs.h());
      GramSums.Shifts shifts = sums.new Shifts(scope, largest, most, 1);
      Optional<RowKernels> kernels = sums.kernels(kept.read().get(0));
      if (kernels.isPresent()) {
        RowKernels.ExpertRows all = all(kept, shifts);
        sums.addExperts(
            hessians,
            slice,
            shifts::of,
            (work, start, end) -> sums.scaled(work, kernels.get(), all, start, end));
        return hessians;
      }
      for (int e = 0; e < weights.count(); e++) {
        add(e, kept.read().get(e), inputs.places(), shifts.of(e));
      }
      return hessians;
    }

    private RowKernels.ExpertRows all(ExpertActivations.Kept kept, GramSums.Shifts shifts) {
      return new RowKernels.ExpertRows(
          kept.addresses(scope),
          inputs.bounds(),
          slice.from(),
          inputs.places(),
          counts,
          power,
          shifts.all(),
          Math.toIntExact(hessians.getShape().get(1)));
    }

    NDArray ofEach(HalfProducts products) {
      products.each(
          scope,
          inputs.h(),
          weights,
          inputs.dispatch(),
          (own, e, read) -> {
            NDArray largest = read.size().largest();
            add(e, read.rows(), null, sums.new Shifts(own, largest, most, 1).of(0));
          });
      return hessians;
    }

    // Rows of what an expert reads: those that `index` names, or all.
    private void add(int e, NDArray read, NDArray index, GramSums.Shift shift) {
      long begin = slice.offsets()[slice.from() + e];
      if (begin == slice.offsets()[slice.from() + e + 1]) {
        return;
      }
      Optional<GramSums.Scaled> scaled =
          sums.kernels(read).map(kernels -> sums.new Scaled(kernels, read, index, counts, power));
      sums.addExpert(
          hessians,
          e,
          shift,
          slice,
          (work, start, end) ->
              scaled.isPresent()
                  ? scaled.get().of(work, begin, start, end, shift)
                  : scaledByScript(work, read, index, begin, start, end, shift));
    }

    private NDArray scaledByScript(
        TensorScope work,
        NDArray read,
        NDArray index,
        long begin,
        long start,
        long end,
        GramSums.Shift shift) {
      NDArray by = shift.array(work);
      int dtype = sums.dtype();
      return index == null
          ? work.run("gram.scaled_activations", read, counts, begin, start, end, power, by, dtype)
          : work.run("gram.scaled_inputs", read, index, counts, start, end, power, by, dtype);
    }
  }
}
