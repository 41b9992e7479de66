package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.job.RoutingWeight;
import org.alphaquant.model.block.Dispatch;
import org.alphaquant.model.block.ExpertWeights;
import org.alphaquant.model.block.MoeFeedForward;
import org.alphaquant.model.block.Routing;
import org.alphaquant.torch.TensorScope;

/**
 * Keeps what the routed experts of a layer read, each its own tokens alone, and leaves their
 * weights as they are.
 *
 * @param modules whose inputs are to be kept
 * @param dtype that Hessians are kept in
 * @param expertsAtOnce experts of a chunk, at most
 * @param away takes tensors out of memory
 */
record ExpertKeeper(
    Set<String> modules,
    RoutingWeight weighting,
    Dtype dtype,
    int expertsAtOnce,
    UnaryOperator<List<TensorSource>> away)
    implements ExpertStage {

  @Override
  public void take(
      TensorScope scope,
      MoeFeedForward block,
      NDArray h,
      Routing routing,
      Routing covered,
      NDArray y,
      LayerResult result) {
    Dispatch sent = Dispatch.of(scope, routing, block.experts());
    Dispatch dispatch = covered == routing ? sent : Dispatch.of(scope, covered, block.experts());
    NDArray largest = scope.run("tensor.largest", h, scope.run("tensor.zeros", h, 1));
    NDArray read = scope.run("tensor.to_dtype", h, scope.productDtype().number());
    NDArray bounds = scope.longs(dispatch.offsets(), dispatch.offsets().length);
    ExpertInputs inputs = ExpertInputs.of(scope, read, largest, dispatch, bounds, weighting);
    for (int from = 0; from < block.experts(); from += expertsAtOnce) {
      int to = Math.min(block.experts(), from + expertsAtOnce);
      try (TensorScope chunk = scope.child("experts %d to %d".formatted(from, to - 1))) {
        chunk(chunk, block, inputs, sent, from, to, y, result);
      }
    }
  }

  private void chunk(
      TensorScope scope,
      MoeFeedForward block,
      ExpertInputs inputs,
      Dispatch sent,
      int from,
      int to,
      NDArray y,
      LayerResult result) {
    long start = System.nanoTime();
    ExpertWeights weights = block.load(scope, from, to);
    result.took("load", start, scope);
    if (wants(block, from, to)) {
      gateAndUp(scope, block, inputs, from, to, result);
      down(scope, block, inputs, weights, result);
    }
    start = System.nanoTime();
    new ExpertActivations(inputs.h(), sent).addOutputs(scope, y, weights);
    result.took("forward", start, scope);
  }

  private boolean wants(MoeFeedForward block, int from, int to) {
    return IntStream.range(from, to)
        .anyMatch(e -> block.names(e).stream().anyMatch(modules::contains));
  }

  private void gateAndUp(
      TensorScope parent,
      MoeFeedForward block,
      ExpertInputs inputs,
      int from,
      int to,
      LayerResult result) {
    try (TensorScope scope = parent.child("gate and up")) {
      long start = System.nanoTime();
      ExpertRange range = new ExpertRange(from, to);
      NDArray hessians = inputs.hessians(scope, range);
      NDArray fourth = new ExpertMoments(inputs).gateAndUp(scope, range);
      NDArray largest = scope.run("tensor.repeated", inputs.largest(), to - from);
      result.took("hessian", start, scope);
      keep(
          scope,
          names(from, to, e -> block.first(e).get(0)),
          inputs,
          from,
          hessians,
          fourth,
          largest,
          result);
    }
  }

  private void down(
      TensorScope parent,
      MoeFeedForward block,
      ExpertInputs inputs,
      ExpertWeights weights,
      LayerResult result) {
    try (TensorScope scope = parent.child("down")) {
      long start = System.nanoTime();
      int from = weights.from();
      NDArray hessians = new DownHessians(inputs).of(scope, weights, Optional.empty());
      NDArray fourth = new ExpertMoments(inputs).down(scope, weights, Optional.empty());
      NDArray largest =
          new ExpertActivations(inputs.h(), inputs.dispatch())
              .largest(scope, weights, Optional.empty());
      result.took("hessian", start, scope);
      List<String> names = names(from, from + weights.count(), block::down);
      keep(scope, names, inputs, from, hessians, fourth, largest, result);
    }
  }

  private void keep(
      TensorScope scope,
      List<String> names,
      ExpertInputs inputs,
      int from,
      NDArray hessians,
      NDArray fourth,
      NDArray largest,
      LayerResult result) {
    long start = System.nanoTime();
    NDArray statistics =
        scope.run(
            "kept.statistics",
            inputs.dispatch().weights(),
            inputs.dispatch().offsets(),
            from,
            from + names.size(),
            weighting.power(),
            fourth,
            largest);
    result.add(away.apply(KeptInput.of(scope, names, hessians, statistics, dtype)));
    result.took("keep", start, scope);
  }

  private static List<String> names(int from, int to, IntFunction<String> name) {
    return IntStream.range(from, to).mapToObj(name).toList();
  }
}
