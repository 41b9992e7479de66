package org.alphaquant.model.design;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.List;
import org.alphaquant.model.block.Attention;
import org.alphaquant.model.block.Linear;
import org.alphaquant.model.block.Norm;
import org.alphaquant.model.block.Residual;
import org.alphaquant.model.block.WeightReader;
import org.alphaquant.torch.TensorScope;

/** A loaded gated delta net. */
final class DeltaNet implements Attention {

  private final DeltaNetDesign design;
  private final Residual residual;
  private final List<Linear> inputs;
  private final List<Linear> steps;
  private final Linear output;
  private final Norm norm;
  private final NDArray convolution;
  private final NDArray decays;
  private final NDArray decayBias;

  DeltaNet(DeltaNetDesign design, WeightReader reader) {
    this.design = design;
    this.residual = design.residual().load(reader);
    this.inputs = design.inputs().stream().map(linear -> linear.load(reader)).toList();
    this.steps = design.steps().stream().map(linear -> linear.load(reader)).toList();
    this.output = design.output().load(reader);
    this.norm = design.norm().load(reader);
    this.convolution = reader.floats(design.convolution());
    this.decays = reader.floats(design.decays());
    this.decayBias = reader.floats(design.decayBias());
  }

  @Override
  public List<List<Linear>> stages() {
    return List.of(inputs, List.of(output));
  }

  @Override
  public NDArray input(TensorScope scope, int stage, NDArray x) {
    return stage == 0 ? residual.input(scope, x) : mixed(scope, x);
  }

  @Override
  public NDArray output(TensorScope scope, NDArray x, NDArray read) {
    try (TensorScope inner = scope.child("delta net output")) {
      return inner.keep(scope, residual.join(inner, x, output.apply(inner, read)));
    }
  }

  // The heads' gated outputs side by side, [B*S, V*dv].
  private NDArray mixed(TensorScope scope, NDArray x) {
    try (TensorScope inner = scope.child("heads")) {
      long batch = x.getShape().get(0);
      DeltaNetShape shape = design.shape();
      List<NDArray> parts = projected(inner, residual.input(inner, x));
      NDArray convolved =
          inner.run("convolution.causal_silu", parts.get(0), convolution, new NDList(), batch);
      NDArray out =
          inner.run(
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
      return inner.keep(
          scope,
          inner.run("delta_net.gated_norm", out, parts.get(1), norm.weight(), norm.epsilon()));
    }
  }

  // The projections: convolved channels, gates, betas and decays.
  private List<NDArray> projected(TensorScope scope, NDArray h) {
    NDArray first = inputs.get(0).apply(scope, h);
    NDArray step = steps.get(0).apply(scope, h);
    if (!design.joint()) {
      NDArray gates = inputs.get(1).apply(scope, h);
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
