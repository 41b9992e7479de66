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
 * DeepSeek-V3's router: sigmoid scores; a stored bias per expert takes part in choosing, not in
 * weighting; the groups with the best two experts take part.
 *
 * @param epsilon added to the sum that weights are divided by
 */
public record SigmoidRouterDesign(
    LinearDesign linear,
    String correctionBias,
    int topK,
    int groups,
    int keptGroups,
    boolean renormalise,
    double epsilon,
    double scale)
    implements RouterDesign {

  /** With a sum that is only kept from being zero. */
  public SigmoidRouterDesign(
      LinearDesign linear,
      String correctionBias,
      int topK,
      int groups,
      int keptGroups,
      boolean renormalise,
      double scale) {
    this(linear, correctionBias, topK, groups, keptGroups, renormalise, 1e-20, scale);
  }

  public SigmoidRouterDesign {
    Groups.check(linear.out(), topK, groups, keptGroups, 2);
  }

  @Override
  public RoutingDescription describe() {
    int experts = Math.toIntExact(linear.out());
    return new RoutingDescription(
        experts, topK, "sigmoid", renormalise, scale, groups, keptGroups, true);
  }

  @Override
  public void outline(Outline outline, int layer) {
    outline.linear(linear, ModuleKind.ROUTER, layer, -1);
    outline.tensor(correctionBias, linear.out());
  }

  @Override
  public Router load(WeightReader reader) {
    return new Loaded(linear.load(reader), reader.floats(correctionBias), this);
  }

  // Experts of the groups that are kept may be too few for more than the router's own number.
  private SigmoidRouterDesign widened(int count) {
    int groupsThere = Groups.widened(linear.out(), count, groups, keptGroups);
    int kept = groupsThere == 1 ? 1 : keptGroups;
    return new SigmoidRouterDesign(
        linear, correctionBias, count, groupsThere, kept, renormalise, epsilon, scale);
  }

  private record Loaded(Linear linear, NDArray bias, SigmoidRouterDesign design) implements Router {

    @Override
    public Routing route(TensorScope scope, NDArray h) {
      NDList result =
          scope.runAll(
              "router.sigmoid_top_k",
              linear.apply(scope, h),
              bias,
              design.topK,
              design.groups,
              design.keptGroups,
              design.renormalise,
              design.epsilon,
              design.scale);
      return new Routing(result.get(0), result.get(1));
    }

    @Override
    public Routing widened(TensorScope scope, NDArray h, int count) {
      return new Loaded(linear, bias, design.widened(count)).route(scope, h);
    }
  }
}
