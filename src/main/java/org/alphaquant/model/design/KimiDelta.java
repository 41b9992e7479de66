package org.alphaquant.model.design;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.List;
import org.alphaquant.model.block.Linear;
import org.alphaquant.model.block.Norm;
import org.alphaquant.model.block.WeightReader;
import org.alphaquant.torch.TensorScope;

/** Loaded Kimi delta attention. */
final class KimiDelta extends Mixer {

  private final KimiDeltaDesign design;
  private final List<Linear> decay;
  private final List<Linear> gate;
  private final Linear beta;
  private final Norm norm;
  private final NDList convolutions = new NDList();
  private final NDArray decays;
  private final NDArray decayBias;

  KimiDelta(KimiDeltaDesign design, WeightReader reader) {
    super(design.residual(), design.inputs(), design.output(), reader);
    this.design = design;
    this.decay = design.narrow("f").stream().map(linear -> linear.load(reader)).toList();
    this.gate = design.narrow("g").stream().map(linear -> linear.load(reader)).toList();
    this.beta = design.beta().load(reader);
    this.norm = design.norm().load(reader);
    design.convolutions().forEach(name -> convolutions.add(reader.floats(name)));
    this.decays = reader.floats(design.tensor("A_log"));
    this.decayBias = reader.floats(design.tensor("dt_bias"));
  }

  // The heads' gated outputs side by side, [B*S, heads*D].
  @Override
  NDArray mixed(TensorScope scope, NDArray h, long batch) {
    NDArray out =
        scope.run(
            "kimi_delta.mix",
            convolved(scope, h, 0, batch),
            convolved(scope, h, 1, batch),
            convolved(scope, h, 2, batch),
            narrow(scope, decay, h),
            beta.apply(scope, h),
            decays,
            decayBias,
            batch,
            design.heads());
    NDArray gates = narrow(scope, gate, h);
    return scope.run("kimi_delta.gated_norm", out, gates, norm.weight(), norm.epsilon());
  }

  private NDArray convolved(TensorScope scope, NDArray h, int which, long batch) {
    NDArray projected = projected(scope, which, h);
    NDArray filter = convolutions.get(which);
    return scope.run("convolution.causal_silu", projected, filter, new NDList(), batch);
  }

  private static NDArray narrow(TensorScope scope, List<Linear> linears, NDArray h) {
    return linears.get(1).apply(scope, linears.get(0).apply(scope, h));
  }
}
