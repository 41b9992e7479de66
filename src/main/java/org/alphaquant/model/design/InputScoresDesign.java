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
 * Llama 4's router: the largest logits choose; the sigmoid of each scales what the expert reads.
 */
public record InputScoresDesign(LinearDesign linear, int topK) implements RouterDesign {

  public InputScoresDesign {
    Groups.check(linear.out(), topK, 1, 1, 1);
  }

  @Override
  public RoutingDescription describe() {
    int experts = Math.toIntExact(linear.out());
    return new RoutingDescription(experts, topK, "sigmoid", false, 1, 1, 1, false);
  }

  @Override
  public void outline(Outline outline, int layer) {
    outline.linear(linear, ModuleKind.ROUTER, layer, -1);
  }

  @Override
  public Router load(WeightReader reader) {
    return new Loaded(linear.load(reader), topK);
  }

  private record Loaded(Linear linear, int topK) implements Router {

    @Override
    public Routing route(TensorScope scope, NDArray h) {
      return widened(scope, h, topK);
    }

    @Override
    public Routing widened(TensorScope scope, NDArray h, int count) {
      NDList result = scope.runAll("router.top_k_sigmoid", linear.apply(scope, h), count);
      return new Routing(result.get(0), result.get(1));
    }
  }
}
