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
 * Softmax over all experts, then the top k; with more than one group (DeepSeek-V2's
 * group_limited_greedy) only those of the groups with the best single expert.
 *
 * @param epsilon added to the sum that weights are divided by
 */
public record SoftmaxRouterDesign(
    LinearDesign linear,
    int topK,
    boolean renormalise,
    double epsilon,
    int groups,
    int keptGroups,
    double scale)
    implements RouterDesign {

  public SoftmaxRouterDesign {
    Groups.check(linear.out(), topK, groups, keptGroups, 1);
  }

  /** Without groups or scale. */
  public static SoftmaxRouterDesign plain(LinearDesign linear, int topK, boolean renormalise) {
    return new SoftmaxRouterDesign(linear, topK, renormalise, 0, 1, 1, 1);
  }

  @Override
  public RoutingDescription describe() {
    int experts = Math.toIntExact(linear.out());
    return new RoutingDescription(
        experts, topK, "softmax", renormalise, scale, groups, keptGroups, false);
  }

  @Override
  public void outline(Outline outline, int layer) {
    outline.linear(linear, ModuleKind.ROUTER, layer, -1);
  }

  @Override
  public Router load(WeightReader reader) {
    return new Loaded(linear.load(reader), this);
  }

  // Experts of the groups that are kept may be too few for more than the router's own number.
  private SoftmaxRouterDesign widened(int count) {
    int groupsThere = Groups.widened(linear.out(), count, groups, keptGroups);
    int kept = groupsThere == 1 ? 1 : keptGroups;
    return new SoftmaxRouterDesign(linear, count, renormalise, epsilon, groupsThere, kept, scale);
  }

  private record Loaded(Linear linear, SoftmaxRouterDesign design) implements Router {

    @Override
    public Routing route(TensorScope scope, NDArray h) {
      NDArray logits = linear.apply(scope, h);
      NDList result = design.groups > 1 ? grouped(scope, logits) : plain(scope, logits);
      return new Routing(result.get(0), result.get(1));
    }

    @Override
    public Routing widened(TensorScope scope, NDArray h, int count) {
      return new Loaded(linear, design.widened(count)).route(scope, h);
    }

    private NDList plain(TensorScope scope, NDArray logits) {
      return scope.runAll(
          "router.softmax_top_k",
          logits,
          design.topK,
          design.renormalise,
          design.epsilon,
          design.scale);
    }

    private NDList grouped(TensorScope scope, NDArray logits) {
      return scope.runAll(
          "router.group_limited_top_k",
          logits,
          design.topK,
          design.groups,
          design.keptGroups,
          design.scale);
    }
  }
}
