package org.alphaquant.distill;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.alphaquant.distill.LatentWeight.Rows;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.format.WeightGrid;
import org.alphaquant.model.Model;
import org.alphaquant.model.block.DecoderLayer;
import org.alphaquant.model.block.ExpertWeights;
import org.alphaquant.model.block.MoeFeedForward;
import org.alphaquant.quantize.QuantizationPlan;
import org.alphaquant.quantize.SolvedModule;
import org.alphaquant.torch.TensorScope;

/** Builds the trained parts of a quantized model, layer by layer. */
final class Student {

  private final TensorScope scope;
  private final StudentWeights weights;
  private final QuantizationPlan plan;
  private final Map<String, Integer> normTypes;

  /**
   * @param scope a recording scope that owns everything
   * @param normTypes number of the type that each trained norm is stored in, by full name
   */
  Student(
      TensorScope scope,
      StudentWeights weights,
      QuantizationPlan plan,
      Map<String, Integer> normTypes) {
    this.scope = scope;
    this.weights = weights;
    this.plan = plan;
    this.normTypes = Map.copyOf(normTypes);
  }

  /** A decoder layer with its leaves. */
  StudentLayer layer(Model model, int index) {
    DecoderLayer layer = model.layer(scope, index);
    List<LatentWeight> trained = new ArrayList<>();
    List<TrainedNorm> norms = new ArrayList<>();
    takeLeaves(trained, norms);
    if (layer.feedForward() instanceof MoeFeedForward moe) {
      experts(moe, trained);
    }
    return new StudentLayer(layer::forward, trained, norms);
  }

  /** The final norm and the head, from the stream [1, n, H] to logits [1, n, V]. */
  StudentLayer head(Model model) {
    model.head();
    model.headInput(
        scope,
        scope.floats(
            new float[(int) model.description().hidden()], 1, 1, model.description().hidden()));
    List<LatentWeight> trained = new ArrayList<>();
    List<TrainedNorm> norms = new ArrayList<>();
    takeLeaves(trained, norms);
    return new StudentLayer(model::logits, trained, norms);
  }

  private void takeLeaves(List<LatentWeight> trained, List<TrainedNorm> norms) {
    weights
        .takeLeaves()
        .forEach(
            (tensor, leaf) -> {
              if (normTypes.containsKey(tensor)) {
                norms.add(TrainedNorm.of(scope, tensor, normTypes.get(tensor), leaf));
              } else {
                String module = StudentWeights.module(tensor);
                long rows = leaf.getShape().get(0);
                trained.add(latent(new Rows(leaf, new long[] {0}, 0, rows, List.of(module))));
              }
            });
  }

  private void experts(MoeFeedForward moe, List<LatentWeight> trained) {
    ExpertWeights source = moe.load(scope, 0, moe.experts());
    NDArray gateUp = scope.run("gradient.leaf", source.gateUp());
    NDArray down = scope.run("gradient.leaf", source.down());
    source.gateUp().close();
    source.down().close();
    moe.hold(new ExpertWeights(0, gateUp, down, source.biases(), source.activation()));
    long width = gateUp.getShape().get(1) / 2;
    for (int projection = 0; projection < 2; projection++) {
      trained.addAll(bySchemes(moe, projection, gateUp, projection * width, width));
    }
    trained.addAll(bySchemes(moe, 2, down, 0, down.getShape().get(1)));
  }

  // Experts whose projection has the same scheme are trained as one stack.
  private List<LatentWeight> bySchemes(
      MoeFeedForward moe, int projection, NDArray leaf, long first, long count) {
    Map<TensorScheme, List<Integer>> groups = new LinkedHashMap<>();
    for (int e = 0; e < moe.experts(); e++) {
      TensorScheme scheme = weights.scheme(moe.names(e).get(projection));
      if (!scheme.isUnquantized()) {
        groups.computeIfAbsent(scheme, ignored -> new ArrayList<>()).add(e);
      }
    }
    return groups.values().stream()
        .map(
            experts ->
                latent(
                    new Rows(
                        leaf,
                        experts.stream().mapToLong(e -> e).toArray(),
                        first,
                        count,
                        experts.stream().map(e -> moe.names(e).get(projection)).toList())))
        .toList();
  }

  private LatentWeight latent(Rows rows) {
    TensorScheme scheme = weights.scheme(rows.modules().get(0));
    try (TensorScope loading = scope.child("solutions")) {
      NDArray original =
          loading.run(
              "distill.rows",
              rows.leaf(),
              rows.elements(),
              rows.first(),
              rows.first() + rows.count());
      WeightGrid grid = plan.format().grid(scheme, original.getShape().get(2), plan.dtype());
      List<SolvedModule> solved =
          rows.modules().stream().map(module -> weights.solved(loading, module)).toList();
      LatentWeight.Start start =
          new LatentWeight.Start(
              stacked(loading, solved.stream().map(SolvedModule::codes)),
              stacked(loading, solved.stream().map(SolvedModule::scale)),
              stacked(loading, solved.stream().map(SolvedModule::zero)),
              joined(loading, solved.stream().map(SolvedModule::outer)),
              joined(loading, solved.stream().map(SolvedModule::largestInput)));
      return new LatentWeight(scope, rows, scheme, grid, plan.rounding(), original, start);
    }
  }

  private NDArray stacked(TensorScope loading, Stream<NDArray> parts) {
    NDList list = new NDList(parts.toArray(NDArray[]::new));
    return loading.keep(scope, loading.run("distill.stack", list));
  }

  private NDArray joined(TensorScope loading, Stream<NDArray> parts) {
    NDList list = new NDList(parts.toArray(NDArray[]::new));
    return loading.keep(scope, loading.run("tensor.concatenate", list));
  }
}
