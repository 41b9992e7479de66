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
 * ERNIE 4.5's router: softmax over all experts; a stored bias per expert [1, E] takes part in
 * choosing, not in weighting; weights are divided by their sum.
 *
 * @param least lower bound of the sum
 */
public record BiasedSoftmaxDesign(LinearDesign linear, String bias, int topK, double least)
    implements RouterDesign {

  public BiasedSoftmaxDesign {
    Groups.check(linear.out(), topK, 1, 1, 1);
  }

  @Override
  public RoutingDescription describe() {
    int experts = Math.toIntExact(linear.out());
    return new RoutingDescription(experts, topK, "softmax", true, 1, 1, 1, true);
  }

  @Override
  public void outline(Outline outline, int layer) {
    outline.linear(linear, ModuleKind.ROUTER, layer, -1);
    outline.tensor(bias, 1, linear.out());
  }

  @Override
  public Router load(WeightReader reader) {
    return new Loaded(linear.load(reader), reader.floats(bias), this);
  }

  private record Loaded(Linear linear, NDArray bias, BiasedSoftmaxDesign design) implements Router {

    @Override
    public Routing route(TensorScope scope, NDArray h) {
      NDList result =
          scope.runAll(
              "router.biased_softmax_top_k",
              linear.apply(scope, h),
              bias,
              design.topK,
              design.least);
      return new Routing(result.get(0), result.get(1));
    }

    @Override
    public Routing widened(TensorScope scope, NDArray h, int count) {
      BiasedSoftmaxDesign more =
          new BiasedSoftmaxDesign(design.linear, design.bias, count, design.least);
      return new Loaded(linear, bias, more).route(scope, h);
    }
  }
}
