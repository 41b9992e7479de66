package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.gptq.Sharing;
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

  boolean quantizesGateOrUp() {
    return IntStream.range(from, to)
        .anyMatch(e -> block.first(e).stream().anyMatch(batches::quantizes));
  }

  boolean quantizesAllGatesAndUps() {
    return IntStream.range(from, to)
        .allMatch(e -> block.first(e).stream().allMatch(batches::quantizes));
  }

  boolean quantizesDown() {
    return IntStream.range(from, to).anyMatch(e -> batches.quantizes(block.down(e)));
  }

  boolean asksForLargestDown() {
    return IntStream.range(from, to).anyMatch(e -> batches.asksForLargest(block.down(e)));
  }

  /** Takes what was solved, whose arrays are a scope's that ends soon. */
  interface Take {
    void of(TensorScope scope, SolvedRows rows);
  }

  /** Quantizes gate and up in place; what changed goes to {@code take} too. */
  void gateAndUp(TensorScope scope, ExpertWeights weights, CalibratedInput input, Take take) {
    int linears = weights.activation().linears();
    long width = weights.gateUp().getShape().get(1) / linears;
    Stacked rows = new Stacked(weights.gateUp(), input, take);
    bySchemes(block::first)
        .forEach(
            (schemes, experts) -> {
              boolean alike = schemes.stream().distinct().count() == 1;
              for (int first = 0; first < linears; first += alike ? linears : 1) {
                int last = alike ? linears : first + 1;
                List<Part> parts = parts(experts, first, last, width);
                long begin = first * width;
                solve(scope, rows, schemes.get(first), experts, begin, last * width, parts);
              }
            });
  }

  // Linears first..last-1 of some experts, rows counted from the first of them.
  private List<Part> parts(List<Integer> experts, int first, int last, long width) {
    return IntStream.range(first, last)
        .mapToObj(
            i ->
                new Part(
                    (i - first) * width,
                    (i - first + 1) * width,
                    names(experts, e -> block.first(e).get(i))))
        .toList();
  }

  /** Quantizes the down projections in place. */
  void down(TensorScope scope, ExpertWeights weights, CalibratedInput input) {
    long width = weights.down().getShape().get(1);
    Stacked rows = new Stacked(weights.down(), input, (work, solved) -> {});
    bySchemes(e -> List.of(block.down(e)))
        .forEach(
            (schemes, experts) -> {
              Part part = new Part(0, width, names(experts, block::down));
              solve(scope, rows, schemes.get(0), experts, 0, width, List.of(part));
            });
  }

  /** The chunk's weights [C, R, K], what their inputs are, and who takes what they become. */
  private record Stacked(NDArray weights, CalibratedInput input, Take take) {}

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
                  selected(scope, stacked.input().heldOut(), elements),
                  selected(scope, stacked.input().largest(), elements)),
              scheme,
              parts,
              fallback(),
              Sharing.ALONE,
              result);
      NDArray weight = quantized.solution().weight();
      scope.runInPlace("tensor.replace", stacked.weights(), elements, first, last, weight);
      stacked.take().of(scope, SolvedRows.of(elements, first, quantized));
    }
  }

  // The array itself where all of the chunk's experts are asked for; null where there is none.
  private NDArray selected(TensorScope scope, NDArray array, long[] elements) {
    return array == null || elements.length == to - from
        ? array
        : scope.run("tensor.select", array, elements);
  }

  // Experts whose projections have the same schemes are solved together.
  private Map<List<TensorScheme>, List<Integer>> bySchemes(IntFunction<List<String>> linears) {
    Map<List<TensorScheme>, List<Integer>> groups = new LinkedHashMap<>();
    for (int e = from; e < to; e++) {
      int expert = e;
      List<TensorScheme> schemes = linears.apply(expert).stream().map(batches::scheme).toList();
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

  private static List<String> names(List<Integer> experts, IntFunction<String> linear) {
    return experts.stream().map(linear::apply).toList();
  }
}
