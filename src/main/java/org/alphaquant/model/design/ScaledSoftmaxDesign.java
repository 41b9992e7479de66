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
 * Gemma 4's router: what it reads is scaled dimension by dimension, and the chosen weights, which
 * sum to one, by a factor of each expert.
 *
 * @param scale tensor [H]
 * @param factors tensor [E]
 */
public record ScaledSoftmaxDesign(LinearDesign linear, String scale, String factors, int topK)
    implements RouterDesign {

  public ScaledSoftmaxDesign {
    Groups.check(linear.out(), topK, 1, 1, 1);
  }

  @Override
  public RoutingDescription describe() {
    int experts = Math.toIntExact(linear.out());
    return new RoutingDescription(experts, topK, "softmax", true, 1, 1, 1, false);
  }

  @Override
  public void outline(Outline outline, int layer) {
    outline.linear(linear, ModuleKind.ROUTER, layer, -1);
    outline.tensor(scale, linear.in());
    outline.tensor(factors, linear.out());
  }

  @Override
  public Router load(WeightReader reader) {
    NDArray read =
        reader
            .scope()
            .run("linear.scale", reader.floats(scale), 1 / Math.sqrt((double) linear.in()));
    return new Loaded(linear.load(reader), read, reader.floats(factors), topK);
  }

  private record Loaded(Linear linear, NDArray scale, NDArray factors, int topK) implements Router {

    @Override
    public NDArray input(TensorScope scope, NDArray h) {
      return scope.run("linear.multiply", h, scale);
    }

    @Override
    public Routing route(TensorScope scope, NDArray h) {
      return widened(scope, h, topK);
    }

    @Override
    public Routing widened(TensorScope scope, NDArray h, int count) {
      NDArray logits = linear.apply(scope, input(scope, h));
      NDList result = scope.runAll("router.scaled_softmax_top_k", logits, factors, count);
      return new Routing(result.get(0), result.get(1));
    }
  }
}
