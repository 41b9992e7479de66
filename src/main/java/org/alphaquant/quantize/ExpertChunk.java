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
import org.alphaquant.model.block.Dispatch;
import org.alphaquant.model.block.ExpertWeights;
import org.alphaquant.model.block.InputRounding;
import org.alphaquant.model.block.MoeFeedForward;
import org.alphaquant.quantize.BatchQuantizer.Part;
import org.alphaquant.quantize.BatchQuantizer.Quantized;
import org.alphaquant.torch.TensorScope;

/**
 * Experts {@code from..to-1} of a layer, which are on the device and solved together.
 *
 * @param calibration what they are calibrated on
 * @param sent the tokens that they are sent, whose outputs the next layer reads
 */
record ExpertChunk(
    MoeFeedForward block,
    ExpertCalibration calibration,
    Dispatch sent,
    BatchQuantizer batches,
    int from,
    int to,
    LayerResult result) {

  private static final int GATE = 0;
  private static final int UP = 1;
  private static final int DOWN = 2;

  String label() {
    return "experts %d to %d".formatted(from, to - 1);
  }

  ExpertWeights load(TensorScope scope) {
    long start = System.nanoTime();
    ExpertWeights weights = block.load(scope, from, to);
    result.took("load", start, scope);
    return weights;
  }

  boolean quantizesDown() {
    return any(DOWN, batches::quantizes);
  }

  /** Sums for the down projections of the layer, still empty. */
  DownCalibration downCalibration(TensorScope owner, ExpertWeights weights) {
    return new DownCalibration(calibration, owner, weights.down().getShape().get(2));
  }

  /** Quantizes gate and up in place; what changed is also returned, for the host to keep. */
  List<SolvedRows> gateAndUp(TensorScope parent, ExpertWeights weights, boolean keep) {
    List<SolvedRows> solved = new ArrayList<>();
    if (!any(GATE, batches::quantizes) && !any(UP, batches::quantizes)) {
      return solved;
    }
    try (TensorScope scope = parent.child("gate and up")) {
      long start = System.nanoTime();
      CalibratedInput input = calibration.gateAndUp(scope, from, to, result);
      result.took("hessian", start, scope);
      long width = weights.gateUp().getShape().get(1) / 2;
      Stacked rows = new Stacked(weights.gateUp(), input, keep ? solved : null);
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
    return solved;
  }

  /** What the down projections read with gate and up as they are now: their own tokens alone. */
  CalibratedInput downInputs(TensorScope scope, ExpertWeights weights) {
    long start = System.nanoTime();
    CalibratedInput own =
        new CalibratedInput(
            calibration.downHessians(scope, weights),
            any(DOWN, batches::asksForLargest)
                ? calibration.largestDown(scope, weights)
                : scope.run("tensor.zeros", calibration.h(), to - from));
    result.took("hessian", start, scope);
    return own;
  }

  /** Quantizes the down projections in place. */
  void down(TensorScope parent, ExpertWeights weights, CalibratedInput input) {
    try (TensorScope scope = parent.child("down")) {
      long width = weights.down().getShape().get(1);
      Stacked rows = new Stacked(weights.down(), input, null);
      bySchemes(DOWN)
          .forEach(
              (schemes, experts) -> {
                Part part = new Part(0, width, names(experts, DOWN));
                solve(scope, rows, schemes.get(0), experts, 0, width, List.of(part));
              });
    }
  }

  /** Adds the experts' outputs to {@code y [T, K]}. */
  void addOutputs(TensorScope scope, ExpertWeights weights, NDArray y) {
    long start = System.nanoTime();
    sent.addOutputs(scope, y, calibration.h(), weights, InputRounding.NONE);
    result.took("forward", start, scope);
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
