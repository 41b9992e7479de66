package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.model.block.ExpertWeights;
import org.alphaquant.model.block.MoeFeedForward;
import org.alphaquant.moe.Dispatch;
import org.alphaquant.quantize.BatchQuantizer.Part;
import org.alphaquant.torch.TensorScope;

/** Experts {@code from..to-1} of a layer, in memory and solved together. */
record ExpertChunk(
    MoeFeedForward block,
    ExpertCalibration calibration,
    BatchQuantizer batches,
    int from,
    int to,
    LayerResult result) {

  private static final int GATE = 0;
  private static final int UP = 1;
  private static final int DOWN = 2;

  /** Quantizes the experts and adds their outputs to {@code y [T, K]}. */
  void quantize(TensorScope scope, NDArray y) {
    long start = System.nanoTime();
    ExpertWeights weights = block.load(scope, from, to);
    result.took("load", start, scope);
    if (any(GATE, batches::quantizes) || any(UP, batches::quantizes)) {
      gateAndUp(scope, weights);
    }
    if (any(DOWN, batches::quantizes)) {
      down(scope, weights);
    }
    addOutputs(scope, weights, y);
  }

  private void gateAndUp(TensorScope parent, ExpertWeights weights) {
    try (TensorScope scope = parent.child("gate and up")) {
      long start = System.nanoTime();
      CalibratedInput input = calibration.gateAndUp(scope, from, to);
      result.took("hessian", start, scope);
      long width = weights.gateUp().getShape().get(1) / 2;
      Stacked rows = new Stacked(weights.gateUp(), input);
      bySchemes(GATE, UP)
          .forEach(
              (schemes, experts) -> {
                if (schemes.get(0).equals(schemes.get(1))) {
                  Part gate = new Part(0, width, names(experts, GATE));
                  Part up = new Part(width, 2 * width, names(experts, UP));
                  solve(scope, rows, schemes.get(0), experts, 0, 2 * width, List.of(gate, up));
                } else {
                  Part gate = new Part(0, width, names(experts, GATE));
                  solve(scope, rows, schemes.get(0), experts, 0, width, List.of(gate));
                  Part up = new Part(0, width, names(experts, UP));
                  solve(scope, rows, schemes.get(1), experts, width, 2 * width, List.of(up));
                }
              });
    }
  }

  private void down(TensorScope parent, ExpertWeights weights) {
    try (TensorScope scope = parent.child("down")) {
      long start = System.nanoTime();
      boolean largest = any(DOWN, batches::asksForLargest);
      CalibratedInput input = calibration.down(scope, weights, from, to, largest);
      result.took("hessian", start, scope);
      long width = weights.down().getShape().get(1);
      Stacked rows = new Stacked(weights.down(), input);
      bySchemes(DOWN)
          .forEach(
              (schemes, experts) -> {
                Part part = new Part(0, width, names(experts, DOWN));
                solve(scope, rows, schemes.get(0), experts, 0, width, List.of(part));
              });
    }
  }

  private void addOutputs(TensorScope scope, ExpertWeights weights, NDArray y) {
    long start = System.nanoTime();
    Dispatch dispatch = calibration.dispatch();
    scope.runInPlace(
        "moe.add_outputs",
        y,
        calibration.h(),
        weights.gateUp(),
        weights.down(),
        weights.biases(),
        weights.clamped(),
        dispatch.rows(),
        dispatch.weights(),
        dispatch.offsets(),
        from,
        to,
        ExpertCalibration.ROWS);
    result.took("forward", start, scope);
  }

  /** The chunk's weights [C, R, K] and what their inputs are. */
  private record Stacked(NDArray weights, CalibratedInput input) {}

  /** Solves rows {@code first..last} of some experts as one batch and puts them in place. */
  private void solve(
      TensorScope parent,
      Stacked stacked,
      TensorScheme scheme,
      List<Integer> experts,
      long first,
      long last,
      List<Part> parts) {
    if (scheme.isUnquantized()) {
      return;
    }
    try (TensorScope scope = parent.child("batch")) {
      long[] elements = experts.stream().mapToLong(e -> e - from).toArray();
      CalibratedInput input = stacked.input();
      NDArray rows = scope.run("packing.rows", stacked.weights(), first, last);
      NDArray quantized =
          batches.quantize(
              scope,
              scope.run("packing.select", rows, elements),
              new CalibratedInput(
                  scope.run("packing.select", input.hessian(), elements),
                  scope.run("packing.select", input.largest(), elements)),
              scheme,
              parts,
              fallback(),
              result);
      scope.runInPlace("packing.replace", stacked.weights(), elements, first, last, quantized);
    }
  }

  // Experts whose projections have the same schemes are solved together.
  private Map<List<TensorScheme>, List<Integer>> bySchemes(int... projections) {
    Map<List<TensorScheme>, List<Integer>> groups = new LinkedHashMap<>();
    for (int e = from; e < to; e++) {
      int expert = e;
      List<TensorScheme> schemes =
          IntStream.of(projections).mapToObj(p -> batches.scheme(name(expert, p))).toList();
      groups.computeIfAbsent(schemes, s -> new ArrayList<>()).add(expert);
    }
    return groups;
  }

  // An expert that no token reached has only the layer's average to go by, and says so.
  private Function<String, String> fallback() {
    Map<String, String> unseen = new HashMap<>();
    for (int e = from; e < to; e++) {
      if (calibration.dispatch().tokens(e) == 0) {
        block.names(e).forEach(name -> unseen.put(name, "layer-hessian"));
      }
    }
    return unseen::get;
  }

  private boolean any(int projection, Predicate<String> asked) {
    return IntStream.range(from, to).anyMatch(e -> asked.test(name(e, projection)));
  }

  private List<String> names(List<Integer> experts, int projection) {
    return experts.stream().map(e -> name(e, projection)).toList();
  }

  private String name(int expert, int projection) {
    return block.names(expert).get(projection);
  }
}
