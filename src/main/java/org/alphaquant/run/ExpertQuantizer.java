package org.alphaquant.run;

import ai.djl.ndarray.NDArray;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.gptq.RoutingWeight;
import org.alphaquant.model.ExpertWeights;
import org.alphaquant.model.MoeFeedForward;
import org.alphaquant.model.Routing;
import org.alphaquant.moe.Dispatch;
import org.alphaquant.run.BatchQuantizer.Part;
import org.alphaquant.torch.TensorScope;

/**
 * Quantizes the routed experts of one layer from the block's cached input: given that input and the
 * routing, experts are independent, so they are taken in chunks that fit the memory, each chunk
 * solved as one batch and its quantized output added to what the next layer reads. No forward pass
 * is replayed, and the down projections see the quantized gate and up.
 */
final class ExpertQuantizer {

  // Rows gathered at once, which bounds the copies of one expert's inputs.
  private static final int ROWS = 16_384;

  private final BatchQuantizer batches;
  private final RoutingWeight weighting;
  private final double shrinkage;
  private final MemoryBudget memory;

  ExpertQuantizer(
      BatchQuantizer batches, RoutingWeight weighting, double shrinkage, MemoryBudget memory) {
    this.batches = batches;
    this.weighting = weighting;
    this.shrinkage = shrinkage;
    this.memory = memory;
  }

  /**
   * Quantizes every expert that has a scheme and adds all experts' outputs to {@code y}.
   *
   * @param h block input [T, K]
   * @param y [T, K], changed in place
   */
  void quantize(
      TensorScope scope,
      MoeFeedForward block,
      NDArray h,
      Routing routing,
      NDArray y,
      LayerResult result) {
    Dispatch dispatch = Dispatch.of(scope, routing, block.experts());
    NDArray mean = scope.run("moe.mean_hessian", h, routing.weights(), weighting.power(), ROWS);
    int chunk = memory.expertsAtOnce(block, h.getShape().get(1));
    for (int from = 0; from < block.experts(); from += chunk) {
      int to = Math.min(block.experts(), from + chunk);
      try (TensorScope work = scope.child("experts %d to %d".formatted(from, to - 1))) {
        new Chunk(block, h, dispatch, mean, from, to, result).run(work, y);
      }
    }
  }

  /** One chunk of experts. */
  private final class Chunk {
    private final MoeFeedForward block;
    private final NDArray h;
    private final Dispatch dispatch;
    private final NDArray mean;
    private final int from;
    private final int to;
    private final LayerResult result;

    Chunk(
        MoeFeedForward block,
        NDArray h,
        Dispatch dispatch,
        NDArray mean,
        int from,
        int to,
        LayerResult result) {
      this.block = block;
      this.h = h;
      this.dispatch = dispatch;
      this.mean = mean;
      this.from = from;
      this.to = to;
      this.result = result;
    }

    void run(TensorScope scope, NDArray y) {
      long start = System.nanoTime();
      ExpertWeights weights = block.load(scope, from, to);
      result.took("load", start, scope);
      if (IntStream.range(from, to).anyMatch(e -> quantizes(e, 0) || quantizes(e, 1))) {
        gateAndUp(scope, weights);
      }
      if (IntStream.range(from, to).anyMatch(e -> quantizes(e, 2))) {
        down(scope, weights);
      }
      long adding = System.nanoTime();
      scope.runInPlace(
          "moe.add_outputs",
          y,
          h,
          weights.gateUp(),
          weights.down(),
          weights.biases(),
          weights.clamped(),
          dispatch.rows(),
          dispatch.weights(),
          dispatch.offsets(),
          from,
          to,
          ROWS);
      result.took("forward", adding, scope);
    }

    private void gateAndUp(TensorScope parent, ExpertWeights weights) {
      try (TensorScope scope = parent.child("gate and up")) {
        long start = System.nanoTime();
        NDArray own = hessians(scope, "moe.input_hessians", h);
        NDArray largest = scope.run("moe.largest", h, scope.run("moe.zeros", h, 1));
        CalibratedInput input =
            new CalibratedInput(
                scope.run("moe.shrink", own, mean, shrinkage),
                scope.run("moe.repeated", largest, to - from));
        result.took("hessian", start, scope);
        long width = weights.gateUp().getShape().get(1) / 2;
        bySchemes(0, 1)
            .forEach(
                (schemes, experts) -> {
                  if (schemes.get(0).equals(schemes.get(1))) {
                    Part gate = new Part(0, width, names(experts, 0));
                    Part up = new Part(width, 2 * width, names(experts, 1));
                    solve(
                        scope,
                        weights.gateUp(),
                        input,
                        schemes.get(0),
                        experts,
                        0,
                        2 * width,
                        List.of(gate, up));
                  } else {
                    Part gate = new Part(0, width, names(experts, 0));
                    solve(
                        scope,
                        weights.gateUp(),
                        input,
                        schemes.get(0),
                        experts,
                        0,
                        width,
                        List.of(gate));
                    Part up = new Part(0, width, names(experts, 1));
                    solve(
                        scope,
                        weights.gateUp(),
                        input,
                        schemes.get(1),
                        experts,
                        width,
                        2 * width,
                        List.of(up));
                  }
                });
      }
    }

    private void down(TensorScope parent, ExpertWeights weights) {
      try (TensorScope scope = parent.child("down")) {
        long start = System.nanoTime();
        NDArray own =
            hessians(
                scope,
                "moe.down_hessians",
                h,
                weights.gateUp(),
                weights.biases(),
                weights.clamped());
        long tokens = dispatch.offsets()[to] - dispatch.offsets()[from];
        NDArray average = scope.run("moe.mean_of_batch", own, tokens);
        NDArray largest =
            IntStream.range(from, to).anyMatch(e -> batches.asksForLargest(name(e, 2)))
                ? hessians(
                    scope,
                    "moe.largest_activations",
                    h,
                    weights.gateUp(),
                    weights.biases(),
                    weights.clamped())
                : scope.run("moe.zeros", h, to - from);
        CalibratedInput input =
            new CalibratedInput(scope.run("moe.shrink", own, average, shrinkage), largest);
        result.took("hessian", start, scope);
        long rows = weights.down().getShape().get(1);
        bySchemes(2)
            .forEach(
                (schemes, experts) ->
                    solve(
                        scope,
                        weights.down(),
                        input,
                        schemes.get(0),
                        experts,
                        0,
                        rows,
                        List.of(new Part(0, rows, names(experts, 2)))));
      }
    }

    private NDArray hessians(TensorScope scope, String function, Object... inputs) {
      Object[] arguments = new Object[inputs.length + 7];
      System.arraycopy(inputs, 0, arguments, 0, inputs.length);
      int next = inputs.length;
      arguments[next++] = dispatch.rows();
      arguments[next++] = dispatch.weights();
      arguments[next++] = dispatch.offsets();
      arguments[next++] = from;
      arguments[next++] = to;
      arguments[next++] = weighting.power();
      arguments[next] = ROWS;
      return scope.run(function, arguments);
    }

    /** Solves rows {@code first..last} of some experts as one batch and puts them in place. */
    private void solve(
        TensorScope parent,
        NDArray weights,
        CalibratedInput input,
        TensorScheme scheme,
        List<Integer> experts,
        long first,
        long last,
        List<Part> parts) {
      if (scheme.format().isUnquantized()) {
        return;
      }
      try (TensorScope scope = parent.child("batch")) {
        long[] elements = experts.stream().mapToLong(e -> e - from).toArray();
        NDArray rows = scope.run("packing.rows", weights, first, last);
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
        scope.runInPlace("packing.replace", weights, elements, first, last, quantized);
      }
    }

    // Experts whose projections have the same schemes are solved together.
    private Map<List<TensorScheme>, List<Integer>> bySchemes(int... projections) {
      Map<List<TensorScheme>, List<Integer>> groups = new LinkedHashMap<>();
      for (int e = from; e < to; e++) {
        int expert = e;
        List<TensorScheme> schemes =
            IntStream.of(projections).mapToObj(p -> batches.scheme(name(expert, p))).toList();
        groups.computeIfAbsent(schemes, s -> new java.util.ArrayList<>()).add(expert);
      }
      return groups;
    }

    // An expert that no token reached has only the layer's average to go by, and says so.
    private Function<String, String> fallback() {
      Map<String, String> unseen = new LinkedHashMap<>();
      for (int e = from; e < to; e++) {
        if (dispatch.tokens(e) == 0) {
          block.names(e).forEach(name -> unseen.put(name, "layer-hessian"));
        }
      }
      return unseen::get;
    }

    private boolean quantizes(int expert, int projection) {
      return batches.quantizes(name(expert, projection));
    }

    private List<String> names(List<Integer> experts, int projection) {
      return experts.stream().map(e -> name(e, projection)).toList();
    }

    private String name(int expert, int projection) {
      return block.names(expert).get(projection);
    }
  }
}
