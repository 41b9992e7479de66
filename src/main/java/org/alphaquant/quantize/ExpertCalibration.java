package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.alphaquant.job.RoutingWeight;
import org.alphaquant.job.Shrinkage;
import org.alphaquant.model.block.Dispatch;
import org.alphaquant.model.block.ExpertWeights;
import org.alphaquant.model.block.InputRounding;
import org.alphaquant.torch.TensorScope;

/**
 * The calibration inputs of the experts of one layer: this device's tokens and the sums over all
 * devices.
 *
 * @param h block input of all tokens [T, K], in the type that experts multiply
 * @param squares |x|² of every row of {@code h}, float64 [T]
 * @param largest largest absolute value of {@code h} on all devices, [1]
 * @param dispatch which of them go to which expert, and with what weight
 * @param sums of each expert its tokens, their weights and the squares of these on all devices,
 *     float64 [E, 3]
 * @param tokens of each expert on all devices
 * @param mean what one routed token adds to a Hessian of gate and up on average, [K, K]
 * @param shrinkage how far Hessians are drawn towards the layer's mean
 * @param held which sequences are held out, if any are
 * @param places of sequences held out alone, where their pairs are among all of each expert; else
 *     null
 */
record ExpertCalibration(
    NDArray h,
    NDArray squares,
    NDArray largest,
    Dispatch dispatch,
    NDArray sums,
    List<Long> tokens,
    NDArray mean,
    RoutingWeight weighting,
    Shrinkage shrinkage,
    Optional<HeldOut> held,
    NDArray places,
    Rank rank) {

  /** Of one device by itself, for Hessians that lean on nothing. */
  static ExpertCalibration plain(
      TensorScope scope, NDArray h, NDArray largest, Dispatch dispatch, RoutingWeight weighting) {
    return new ExpertCalibration(
        h,
        squares(scope, h),
        largest,
        dispatch,
        null,
        List.of(),
        null,
        weighting,
        Shrinkage.AUTO,
        Optional.empty(),
        null,
        DeviceGroup.alone());
  }

  /** What {@link #squares} of a block's input is. */
  static NDArray squares(TensorScope scope, NDArray h) {
    return kernels(scope, h)
        .map(kernels -> kernels.rowSquares(scope, new NDList(h)))
        .orElseGet(() -> scope.run("hessian.row_squares", h, Dispatch.ROWS));
  }

  private static Optional<HessianKernels> kernels(TensorScope scope, NDArray read) {
    return HessianKernels.reads(read) ? HessianKernels.of(scope) : Optional.empty();
  }

  /** The same of sequences held out alone, for sums over their tokens. */
  Optional<ExpertCalibration> heldOut(TensorScope scope) {
    return held.map(
        sequences -> {
          HeldOut.Pairs pairs = sequences.of(scope, dispatch);
          return new ExpertCalibration(
              h,
              squares,
              largest,
              pairs.dispatch(),
              sums,
              tokens,
              mean,
              weighting,
              shrinkage,
              Optional.empty(),
              pairs.places(),
              rank);
        });
  }

  /** The inputs of gate and up, which they share, of this device's part of some experts. */
  CalibratedInput gateAndUp(TensorScope scope, ExpertRange range, LayerResult result) {
    try (TensorScope work = scope.child("inputs")) {
      NDArray partial = inputHessians(work, range);
      NDArray hessians = rank.ownSum(work, partial);
      int from = range.ownFrom(rank);
      Supplier<NDArray> fourth = () -> rank.ownSum(work, inputMoments(work, range));
      float[] shares = shrink(work, hessians, mean, from, fourth);
      for (int e = 0; e < shares.length; e++) {
        result.leans(from + e, shares[e]);
      }
      NDArray heldOut =
          heldOut(work)
              .map(of -> rank.ownSum(work, of.inputHessians(work, range)))
              .map(sums -> work.keep(scope, sums))
              .orElse(null);
      return new CalibratedInput(
          work.keep(scope, hessians),
          heldOut,
          scope.run("tensor.repeated", largest, shares.length));
    }
  }

  /** Hessians of gate and up over this device's tokens, [C, K, K]. */
  NDArray inputHessians(TensorScope scope, ExpertRange range) {
    if (areFew(scope, range.from(), range.to(), h.getShape().get(1))) {
      return scope.run(
          "hessian.of_experts_together",
          h,
          dispatch.rows(),
          dispatch.weights(),
          dispatch.offsets(),
          range.from(),
          range.to(),
          weighting.power());
    }
    return GramSums.of(scope)
        .map(sums -> reducedInputs(sums, range))
        .orElseGet(() -> over(scope, "hessian.of_experts", new NDList(), new NDList(), 0, range));
  }

  /** Sums of w² |x|⁴ over what gate and up read on this device, float64 [C]. */
  NDArray inputMoments(TensorScope scope, ExpertRange range) {
    return scope.run(
        "hessian.input_moments",
        squares,
        dispatch.rows(),
        dispatch.weights(),
        dispatch.offsets(),
        range.from(),
        range.to(),
        weighting.power());
  }

  /** The same over what down reads with gate and up as they are now. */
  NDArray downMoments(TensorScope scope, ExpertWeights weights, Optional<NDList> activations) {
    if (activations.isPresent()) {
      return moments(scope, weights, activations.get());
    }
    return halves(scope, weights)
        .map(products -> momentsOfEach(scope, products, weights))
        .orElseGet(() -> overActivations(scope, "hessian.intermediate_moments", weights));
  }

  private NDArray momentsOfEach(TensorScope scope, HalfProducts products, ExpertWeights weights) {
    NDList squares = new NDList();
    products.each(
        scope,
        h,
        weights,
        dispatch,
        (own, e, read) ->
            squares.add(own.keep(scope, products.kernels().rowSquares(own, new NDList(read)))));
    return moments(scope, scope.run("tensor.concatenate", squares), weights);
  }

  // Of |x|² of all that some experts read.
  private NDArray moments(TensorScope scope, NDArray squares, ExpertWeights weights) {
    return scope.run(
        "hessian.moments",
        squares,
        dispatch.weights(),
        dispatch.offsets(),
        weights.from(),
        weights.from() + weights.count(),
        weighting.power());
  }

  private NDArray moments(TensorScope scope, ExpertWeights weights, NDList read) {
    return kernels(scope, read.get(0))
        .map(kernels -> moments(scope, kernels.rowSquares(scope, read), weights))
        .orElseGet(
            () ->
                scope.run(
                    "hessian.activation_moments",
                    read,
                    dispatch.weights(),
                    dispatch.offsets(),
                    weights.from(),
                    weighting.power(),
                    Dispatch.ROWS));
  }

  private NDArray overActivations(TensorScope scope, String sum, ExpertWeights weights) {
    return over(
        scope,
        sum,
        new NDList(weights.gateUp()),
        weights.biases(),
        weights.activation().number(),
        new ExpertRange(weights.from(), weights.from() + weights.count()));
  }

  // A sum over what the linears of some experts read: tokens, or the activations of gateUp.
  private NDArray over(
      TensorScope scope,
      String sum,
      NDList gateUp,
      NDList biases,
      int activation,
      ExpertRange range) {
    return scope.run(
        sum,
        h,
        gateUp,
        biases,
        activation,
        dispatch.rows(),
        dispatch.weights(),
        dispatch.offsets(),
        range.from(),
        range.to(),
        weighting.power(),
        Dispatch.ROWS);
  }

  private NDArray reducedInputs(GramSums sums, ExpertRange range) {
    NDArray rows = dispatch.rows();
    NDArray weights = dispatch.weights();
    double power = weighting.power();
    Optional<GramSums.Scaled> scaled =
        sums.kernels(h).map(kernels -> sums.new Scaled(kernels, h, rows, weights, power));
    return sums.ofExperts(
        range.count(),
        h.getShape().get(1),
        largest,
        weights,
        power,
        new GramSums.Slice(dispatch.offsets(), range.from()),
        (scope, element, shift, start, end) ->
            scaled.isPresent()
                ? scaled.get().of(scope, 0, start, end, shift)
                : scope.run(
                    "hessian.scaled_inputs",
                    h,
                    rows,
                    weights,
                    start,
                    end,
                    power,
                    shift.array(scope),
                    sums.dtype()));
  }

  /**
   * What the down projections of some experts read on this device, with gate and up as they are
   * now: of each its own tokens, [n, M].
   */
  NDList activations(TensorScope scope, ExpertWeights weights) {
    if (areFew(scope, weights)) {
      return scope.runAll(
          "experts.activations_together",
          h,
          weights.gateUp(),
          weights.biases(),
          weights.activation().number(),
          dispatch.rows(),
          dispatch.offsets(),
          weights.from(),
          weights.from() + weights.count());
    }
    return halves(scope, weights)
        .map(products -> products.activations(scope, h, weights, dispatch))
        .orElseGet(() -> activationsByScript(scope, weights));
  }

  private boolean areFew(TensorScope scope, ExpertWeights weights) {
    long widest = Math.max(weights.gateUp().getShape().get(1), weights.gateUp().getShape().get(2));
    return areFew(scope, weights.from(), weights.from() + weights.count(), widest);
  }

  // So few that a GPU waits for launches: all experts are multiplied at once then.
  private boolean areFew(TensorScope scope, int from, int to, long widest) {
    return scope.cuda().isPresent() && dispatch.fitsTogether(from, to, widest);
  }

  // Biases would have to be added.
  private static Optional<HalfProducts> halves(TensorScope scope, ExpertWeights weights) {
    return weights.biases().isEmpty() ? HalfProducts.of(scope) : Optional.empty();
  }

  /** Adds to {@code y [T, K]} what experts make of activations {@code read}. */
  void addOutputs(TensorScope scope, NDArray y, NDList read, ExpertWeights weights) {
    Optional<HalfProducts> products = halves(scope, weights);
    if (areFew(scope, weights)) {
      scope.runInPlace(
          "experts.add_outputs_of_together",
          y,
          read,
          weights.down(),
          weights.biases(),
          dispatch.rows(),
          dispatch.weights(),
          dispatch.offsets(),
          weights.from(),
          weights.from() + weights.count());
    } else if (products.isPresent()) {
      products.get().addOutputs(scope, y, read, weights, dispatch);
    } else {
      dispatch.addOutputs(scope, y, read, weights);
    }
  }

  /** The same of activations that are computed for it, of tokens that are sent elsewhere. */
  void addOutputs(TensorScope scope, NDArray y, ExpertWeights weights, Dispatch sent) {
    Optional<HalfProducts> products = halves(scope, weights);
    if (products.isPresent()) {
      products.get().addOutputsFrom(scope, y, h, weights, sent);
    } else {
      sent.addOutputs(scope, y, h, weights, InputRounding.NONE);
    }
  }

  private NDList activationsByScript(TensorScope scope, ExpertWeights weights) {
    return scope.runAll(
        "experts.activations",
        h,
        weights.gateUp(),
        weights.biases(),
        weights.activation().number(),
        dispatch.rows(),
        dispatch.offsets(),
        weights.from(),
        weights.from() + weights.count(),
        Dispatch.ROWS);
  }

  /** Hessians of the down projections over this device's tokens, [C, M, M]. */
  NDArray downHessians(TensorScope scope, ExpertWeights weights, Optional<NDList> activations) {
    Optional<GramSums> sums = GramSums.of(scope);
    if (activations.isPresent() && places == null && areFew(scope, weights)) {
      return scope.run(
          "hessian.of_activations_together",
          activations.get(),
          dispatch.weights(),
          dispatch.offsets(),
          weights.from(),
          weighting.power());
    }
    if (sums.isPresent() && (activations.isPresent() || halves(scope, weights).isPresent())) {
      return reducedDown(scope, sums.get(), weights, activations);
    }
    return activations
        .map(read -> downByScript(scope, weights, read))
        .orElseGet(() -> overActivations(scope, "hessian.of_experts", weights));
  }

  private NDArray downByScript(TensorScope scope, ExpertWeights weights, NDList read) {
    try (TensorScope work = scope.child("down")) {
      NDList own =
          places == null
              ? read
              : work.runAll("hessian.own_rows", read, places, dispatch.offsets(), weights.from());
      return work.keep(
          scope,
          work.run(
              "hessian.of_activations",
              own,
              dispatch.weights(),
              dispatch.offsets(),
              weights.from(),
              weighting.power(),
              Dispatch.ROWS));
    }
  }

  private NDArray reducedDown(
      TensorScope scope, GramSums sums, ExpertWeights weights, Optional<NDList> activations) {
    long width = weights.down().getShape().get(2);
    NDArray hessians = scope.run("hessian.zeros", h, weights.count(), width);
    NDArray most = scope.run("hessian.most_weight", dispatch.weights(), weighting.power());
    GramSums.Slice slice = new GramSums.Slice(dispatch.offsets(), weights.from());
    if (activations.isEmpty()) {
      halves(scope, weights)
          .orElseThrow()
          .each(
              scope,
              h,
              weights,
              dispatch,
              (own, e, read) -> {
                NDArray largest = own.run("experts.largest_rows", new NDList(read), h);
                GramSums.Shift shift = sums.new Shifts(own, largest, most, 1).of(0);
                addDown(sums, hessians, e, read, null, shift, slice);
              });
      return hessians;
    }
    NDList read = activations.get();
    NDArray largest = scope.run("experts.largest_rows", read, h);
    GramSums.Shifts shifts = sums.new Shifts(scope, largest, most, 1);
    for (int e = 0; e < weights.count(); e++) {
      addDown(sums, hessians, e, read.get(e), places, shifts.of(e), slice);
    }
    return hessians;
  }

  // Rows of what an expert reads: those that `index` names, or all.
  private void addDown(
      GramSums sums,
      NDArray hessians,
      int e,
      NDArray read,
      NDArray index,
      GramSums.Shift shift,
      GramSums.Slice slice) {
    long begin = dispatch.offsets()[slice.from() + e];
    if (begin == dispatch.offsets()[slice.from() + e + 1]) {
      return;
    }
    NDArray weights = dispatch.weights();
    double power = weighting.power();
    Optional<GramSums.Scaled> scaled =
        sums.kernels(read).map(kernels -> sums.new Scaled(kernels, read, index, weights, power));
    sums.addExpert(
        hessians,
        e,
        shift,
        slice,
        (work, element, by, start, end) ->
            scaled.isPresent()
                ? scaled.get().of(work, begin, start, end, by)
                : downByScript(work, sums, read, index, begin, start, end, by));
  }

  private NDArray downByScript(
      TensorScope work,
      GramSums sums,
      NDArray read,
      NDArray index,
      long begin,
      long start,
      long end,
      GramSums.Shift shift) {
    NDArray by = shift.array(work);
    NDArray weights = dispatch.weights();
    double power = weighting.power();
    return index == null
        ? work.run(
            "hessian.scaled_activations", read, weights, begin, start, end, power, by, sums.dtype())
        : work.run(
            "hessian.scaled_inputs", read, index, weights, start, end, power, by, sums.dtype());
  }

  /** The largest absolute input of each down projection, [C]; zero where no token came. */
  NDArray largestDown(TensorScope scope, ExpertWeights weights, Optional<NDList> activations) {
    if (activations.isPresent()) {
      return scope.run("experts.largest_rows", activations.get(), h);
    }
    return halves(scope, weights)
        .map(products -> largestOfEach(scope, products, weights))
        .orElseGet(
            () ->
                scope.run(
                    "experts.largest_intermediate",
                    h,
                    weights.gateUp(),
                    weights.biases(),
                    weights.activation().number(),
                    dispatch.rows(),
                    dispatch.offsets(),
                    weights.from(),
                    weights.from() + weights.count(),
                    Dispatch.ROWS));
  }

  private NDArray largestOfEach(TensorScope scope, HalfProducts products, ExpertWeights weights) {
    NDList largest = new NDList();
    products.each(
        scope,
        h,
        weights,
        dispatch,
        (own, e, read) ->
            largest.add(own.keep(scope, own.run("experts.largest_rows", new NDList(read), h))));
    return scope.run("tensor.concatenate", largest);
  }

  /**
   * Draws the Hessians of down projections towards the layer's mean, in place.
   *
   * @param hessians of this device's part of the experts
   * @param all weights of all experts that are shared out
   * @param activations what they read, where that is kept
   */
  void shrinkDown(
      TensorScope scope,
      NDArray hessians,
      NDArray average,
      ExpertWeights all,
      Optional<NDList> activations) {
    int from = new ExpertRange(all.from(), all.from() + all.count()).ownFrom(rank);
    Supplier<NDArray> fourth = () -> rank.ownSum(scope, downMoments(scope, all, activations));
    shrink(scope, hessians, average, from, fourth);
  }

  // What part of each Hessian is the layer's mean then.
  private float[] shrink(
      TensorScope scope,
      NDArray hessians,
      NDArray average,
      int from,
      Supplier<NDArray> fourthMoments) {
    NDArray shares =
        shrinkage.tokens() != null
            ? scope.run("hessian.shrink", hessians, average, sums, from, shrinkage.tokens())
            : shrunkByNoise(scope, hessians, average, from, fourthMoments.get());
    return scope.toFloats(shares);
  }

  private NDArray shrunkByNoise(
      TensorScope scope, NDArray hessians, NDArray average, int from, NDArray fourth) {
    return HessianKernels.of(scope)
        .map(kernels -> kernels.shrinkByNoise(scope, hessians, average, sums, from, fourth))
        .orElseGet(
            () -> scope.run("hessian.shrink_by_noise", hessians, average, sums, from, fourth));
  }

  /** All (token, slot) pairs of all devices. */
  long pairs() {
    return tokens.stream().mapToLong(Long::longValue).sum();
  }
}
