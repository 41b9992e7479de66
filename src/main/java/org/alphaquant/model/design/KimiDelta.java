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

/** Loaded Kimi delta attention. */
final class KimiDelta implements Attention {

  private final KimiDeltaDesign design;
  private final Residual residual;
  private final List<Linear> inputs;
  private final List<Linear> decay;
  private final List<Linear> gate;
  private final Linear beta;
  private final Linear output;
  private final Norm norm;
  private final NDList convolutions = new NDList();
  private final NDArray decays;
  private final NDArray decayBias;

  KimiDelta(KimiDeltaDesign design, WeightReader reader) {
    this.design = design;
    this.residual = design.residual().load(reader);
    this.inputs = design.inputs().stream().map(linear -> linear.load(reader)).toList();
    this.decay = design.narrow("f").stream().map(linear -> linear.load(reader)).toList();
    this.gate = design.narrow("g").stream().map(linear -> linear.load(reader)).toList();
    this.beta = design.beta().load(reader);
    this.output = design.output().load(reader);
    this.norm = design.norm().load(reader);
    design.convolutions().forEach(name -> convolutions.add(reader.floats(name)));
    this.decays = reader.floats(design.tensor("A_log"));
    this.decayBias = reader.floats(design.tensor("dt_bias"));
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
    try (TensorScope inner = scope.child("delta attention output")) {
      return inner.keep(scope, residual.join(inner, x, output.apply(inner, read)));
    }
  }

  // The heads' gated outputs side by side, [B*S, heads*D].
  private NDArray mixed(TensorScope scope, NDArray x) {
    try (TensorScope inner = scope.child("heads")) {
      long batch = x.getShape().get(0);
      NDArray h = residual.input(inner, x);
      NDArray out =
          inner.run(
              "kimi_delta.mix",
              convolved(inner, h, 0, batch),
              convolved(inner, h, 1, batch),
              convolved(inner, h, 2, batch),
              narrow(inner, decay, h),
              beta.apply(inner, h),
              decays,
              decayBias,
              batch,
              design.heads());
      NDArray gates = narrow(inner, gate, h);
      return inner.keep(
          scope, inner.run("kimi_delta.gated_norm", out, gates, norm.weight(), norm.epsilon()));
    }
  }

  private NDArray convolved(TensorScope scope, NDArray h, int which, long batch) {
    NDArray projected = inputs.get(which).apply(scope, h);
    NDArray filter = convolutions.get(which);
    return scope.run("convolution.causal_silu", projected, filter, new NDList(), batch);
  }

  private static NDArray narrow(TensorScope scope, List<Linear> linears, NDArray h) {
    return linears.get(1).apply(scope, linears.get(0).apply(scope, h));
  }
}
