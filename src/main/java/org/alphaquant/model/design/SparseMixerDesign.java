package org.alphaquant.model.design;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.architecture.RoutingDescription;
import org.alphaquant.model.block.Linear;
import org.alphaquant.model.block.Router;
import org.alphaquant.model.block.Routing;
import org.alphaquant.model.block.WeightReader;
import org.alphaquant.torch.TensorScope;

/**
 * SparseMixer (Liu et al. 2024, arXiv 2409.12136) at inference: two experts, each weighted by its
 * share among the experts within a band of 2 * jitter below it.
 */
public record SparseMixerDesign(LinearDesign linear, double jitter) implements RouterDesign {

  private static final int TOP_K = 2;

  public SparseMixerDesign {
    Groups.check(linear.out(), TOP_K, 1, 1, 1);
  }

  @Override
  public RoutingDescription describe() {
    int experts = Math.toIntExact(linear.out());
    return new RoutingDescription(experts, TOP_K, "sparsemixer", false, 1, 1, 1, false);
  }

  @Override
  public void outline(Outline outline, int layer) {
    outline.linear(linear, ModuleKind.ROUTER, layer, -1);
  }

  @Override
  public Router load(WeightReader reader) {
    return new Loaded(linear.load(reader), jitter);
  }

  private record Loaded(Linear linear, double jitter) implements Router {

    @Override
    public Routing route(TensorScope scope, NDArray h) {
      NDList result = scope.runAll("router.sparse_mixer", linear.apply(scope, h), jitter);
      return new Routing(result.get(0), result.get(1));
    }

    // The band has at most two experts, but the softmax is over all.
    @Override
    public Routing widened(TensorScope scope, NDArray h, int count) {
      NDArray logits = linear.apply(scope, h);
      NDList result = scope.runAll("router.softmax_top_k", logits, count, false, 0.0, 1.0);
      return new Routing(result.get(0), result.get(1));
    }
  }
}
