package org.alphaquant.distill;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
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
                trained.add(
                    latent(new Rows(leaf, new long[] {0}, 0, rows, List.of(List.of(module)))));
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
    int linears = source.activation().linears();
    trained.addAll(gateAndUp(moe, gateUp, linears, gateUp.getShape().get(1) / linears));
    List<IntFunction<String>> last = List.of(moe::down);
    trained.addAll(bySchemes(moe, last, down, 0, down.getShape().get(1)));
  }

  // One stack where both have the same schemes, as they mostly have.
  private List<LatentWeight> gateAndUp(MoeFeedForward moe, NDArray leaf, int linears, long width) {
    boolean alike =
        IntStream.range(0, moe.experts())
            .allMatch(e -> moe.first(e).stream().map(weights::scheme).distinct().count() == 1);
    List<IntFunction<String>> all =
        IntStream.range(0, linears)
            .<IntFunction<String>>mapToObj(i -> e -> moe.first(e).get(i))
            .toList();
    if (alike) {
      return bySchemes(moe, all, leaf, 0, linears * width);
    }
    return IntStream.range(0, linears)
        .mapToObj(i -> bySchemes(moe, List.of(all.get(i)), leaf, i * width, width))
        .flatMap(List::stream)
        .toList();
  }

  // Experts whose projections have the same scheme are trained as one stack.
  private List<LatentWeight> bySchemes(
      MoeFeedForward moe, List<IntFunction<String>> linears, NDArray leaf, long first, long count) {
    Map<TensorScheme, List<Integer>> groups = new LinkedHashMap<>();
    for (int e = 0; e < moe.experts(); e++) {
      TensorScheme scheme = weights.scheme(linears.get(0).apply(e));
      if (!scheme.isUnquantized()) {
        groups.computeIfAbsent(scheme, ignored -> new ArrayList<>()).add(e);
      }
    }
    return groups.values().stream()
        .map(
            experts -> {
              long[] elements = experts.stream().mapToLong(e -> e).toArray();
              return latent(new Rows(leaf, elements, first, count, parts(experts, linears)));
            })
        .toList();
  }

  private static List<List<String>> parts(
      List<Integer> experts, List<IntFunction<String>> linears) {
    return linears.stream().map(linear -> experts.stream().map(linear::apply).toList()).toList();
  }

  private LatentWeight latent(Rows rows) {
    TensorScheme scheme = weights.scheme(rows.parts().get(0).get(0));
    try (TensorScope loading = scope.child("solutions")) {
      NDArray original =
          loading.run(
              "distill.rows",
              rows.leaf(),
              rows.elements(),
              rows.first(),
              rows.first() + rows.count());
      WeightGrid grid = plan.format().grid(scheme, original.getShape().get(2), plan.dtype());
      List<List<SolvedModule>> solved =
          rows.parts().stream()
              .map(part -> part.stream().map(module -> weights.solved(loading, module)).toList())
              .toList();
      LatentWeight.Start start =
          new LatentWeight.Start(
              stacked(loading, solved, SolvedModule::codes),
              stacked(loading, solved, SolvedModule::scale),
              stacked(loading, solved, SolvedModule::zero),
              outer(loading, solved),
              joined(loading, solved.get(0), SolvedModule::largestInput));
      return new LatentWeight(scope, rows, scheme, grid, plan.rounding(), original, start);
    }
  }

  // [B, R, K] with the rows of each part below those of the one before.
  private NDArray stacked(
      TensorScope loading, List<List<SolvedModule>> parts, Function<SolvedModule, NDArray> of) {
    NDList stacks = new NDList();
    for (List<SolvedModule> part : parts) {
      stacks.add(loading.run("distill.stack", list(part, of)));
    }
    return loading.keep(scope, loading.run("distill.below", stacks));
  }

  // Of whole modules, or by rows where scales have two levels.
  private NDArray outer(TensorScope loading, List<List<SolvedModule>> parts) {
    boolean ofRows = parts.get(0).get(0).outer().getShape().dimension() > 1;
    return ofRows
        ? stacked(loading, parts, SolvedModule::outer)
        : joined(loading, parts.get(0), SolvedModule::outer);
  }

  // Attributes of whole modules, common to modules that were solved as one.
  private NDArray joined(
      TensorScope loading, List<SolvedModule> part, Function<SolvedModule, NDArray> of) {
    return loading.keep(scope, loading.run("tensor.concatenate", list(part, of)));
  }

  private static NDList list(List<SolvedModule> part, Function<SolvedModule, NDArray> of) {
    return new NDList(part.stream().map(of).toArray(NDArray[]::new));
  }
}
