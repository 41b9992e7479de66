package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.model.block.ExpertWeights;
import org.alphaquant.model.block.MoeFeedForward;
import org.alphaquant.quantize.BatchQuantizer.Part;
import org.alphaquant.quantize.BatchQuantizer.Quantized;
import org.alphaquant.torch.TensorScope;

/**
 * Solves experts {@code from..to-1} of a layer as batches of one scheme each, from what their
 * projections read.
 *
 * @param unseen whether no calibration token reached an expert
 */
record ExpertSolver(
    MoeFeedForward block,
    BatchQuantizer batches,
    int from,
    int to,
    IntPredicate unseen,
    LayerResult result) {

  private static final int GATE = 0;
  private static final int UP = 1;
  private static final int DOWN = 2;

  boolean quantizesGateOrUp() {
    return any(GATE, batches::quantizes) || any(UP, batches::quantizes);
  }

  boolean quantizesDown() {
    return any(DOWN, batches::quantizes);
  }

  boolean asksForLargestDown() {
    return any(DOWN, batches::asksForLargest);
  }

  /** Quantizes gate and up in place; what changed goes to {@code kept}, unless that is null. */
  void gateAndUp(
      TensorScope scope, ExpertWeights weights, CalibratedInput input, List<SolvedRows> kept) {
    long width = weights.gateUp().getShape().get(1) / 2;
    Stacked rows = new Stacked(weights.gateUp(), input, kept);
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

  /** Quantizes the down projections in place. */
  void down(TensorScope scope, ExpertWeights weights, CalibratedInput input) {
    long width = weights.down().getShape().get(1);
    Stacked rows = new Stacked(weights.down(), input, null);
    bySchemes(DOWN)
        .forEach(
            (schemes, experts) -> {
              Part part = new Part(0, width, names(experts, DOWN));
              solve(scope, rows, schemes.get(0), experts, 0, width, List.of(part));
            });
  }

  /** The chunk's weights [C, R, K], what their inputs are, and what is kept of them or null. */
  private record Stacked(NDArray weights, CalibratedInput input, List<SolvedRows> kept) {}

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
      Quantized quantized =
          batches.quantize(
              scope,
              selected(scope, scope.run("tensor.rows", stacked.weights(), first, last), elements),
              new CalibratedInput(
                  selected(scope, stacked.input().hessian(), elements),
                  selected(scope, stacked.input().largest(), elements)),
              scheme,
              parts,
              fallback(),
              result);
      NDArray weight = quantized.solution().weight();
      scope.runInPlace("tensor.replace", stacked.weights(), elements, first, last, weight);
      if (stacked.kept() != null) {
        stacked.kept().add(SolvedRows.of(scope, elements, first, quantized));
      }
    }
  }

  // The array itself where all of the chunk's experts are asked for.
  private NDArray selected(TensorScope scope, NDArray array, long[] elements) {
    return elements.length == to - from ? array : scope.run("tensor.select", array, elements);
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
    Map<String, String> fallbacks = new HashMap<>();
    for (int e = from; e < to; e++) {
      if (unseen.test(e)) {
        block.names(e).forEach(name -> fallbacks.put(name, "layer-hessian"));
      }
    }
    return fallbacks::get;
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
