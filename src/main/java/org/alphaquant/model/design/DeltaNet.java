package org.alphaquant.model.design;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.List;
import org.alphaquant.model.block.Linear;
import org.alphaquant.model.block.Norm;
import org.alphaquant.model.block.WeightReader;
import org.alphaquant.torch.TensorScope;

/** A loaded gated delta net. */
final class DeltaNet extends Mixer {

  private final DeltaNetDesign design;
  private final List<Linear> steps;
  private final Norm norm;
  private final NDArray convolution;
  private final NDArray decays;
  private final NDArray decayBias;

  DeltaNet(DeltaNetDesign design, WeightReader reader) {
    super(design.residual(), design.inputs(), design.output(), reader);
    this.design = design;
    this.steps = design.steps().stream().map(linear -> linear.load(reader)).toList();
    this.norm = design.norm().load(reader);
    this.convolution = reader.floats(design.convolution());
    this.decays = reader.floats(design.decays());
    this.decayBias = reader.floats(design.decayBias());
  }

  // The heads' gated outputs side by side, [B*S, V*dv].
  @Override
  NDArray mixed(TensorScope scope, NDArray h, long batch) {
    DeltaNetShape shape = design.shape();
    List<NDArray> parts = parts(scope, h);
    NDArray convolved =
        scope.run("convolution.causal_silu", parts.get(0), convolution, new NDList(), batch);
    NDArray out =
        scope.run(
            "delta_net.mix",
            convolved,
            parts.get(2),
            parts.get(3),
            decays,
            decayBias,
            batch,
            shape.keyHeads(),
            shape.keyWidth(),
            shape.valueWidth());
    return scope.run("delta_net.gated_norm", out, parts.get(1), norm.weight(), norm.epsilon());
  }

  // The projections: convolved channels, gates, betas and decays.
  private List<NDArray> parts(TensorScope scope, NDArray h) {
    NDArray first = projected(scope, 0, h);
    NDArray step = steps.get(0).apply(scope, h);
    if (!design.joint()) {
      NDArray gates = projected(scope, 1, h);
      return List.of(first, gates, step, steps.get(1).apply(scope, h));
    }
    DeltaNetShape shape = design.shape();
    NDList parts =
        scope.runAll(
            "delta_net.split_joint",
            first,
            step,
            shape.keyHeads(),
            shape.valueHeads(),
            shape.keyWidth(),
            shape.valueWidth());
    return List.of(parts.get(0), parts.get(1), parts.get(2), parts.get(3));
  }
}
