package org.alphaquant.model.design;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.List;
import org.alphaquant.model.block.Norm;
import org.alphaquant.model.block.WeightReader;
import org.alphaquant.torch.TensorScope;

/** A loaded Mamba-2 block. */
final class Mamba extends Mixer {

  private final MambaDesign design;
  private final Norm norm;
  private final NDArray convolution;
  private final NDList convolutionBias = new NDList();
  private final NDArray decays;
  private final NDArray direct;
  private final NDArray stepBias;

  Mamba(MambaDesign design, WeightReader reader) {
    super(design.residual(), List.of(design.input()), design.output(), reader);
    this.design = design;
    this.norm = design.norm().load(reader);
    this.convolution = reader.floats(design.tensor("conv1d.weight"));
    if (design.convolutionBias()) {
      convolutionBias.add(reader.floats(design.tensor("conv1d.bias")));
    }
    this.decays = reader.floats(design.tensor("A_log"));
    this.direct = reader.floats(design.tensor("D"));
    this.stepBias = reader.floats(design.tensor("dt_bias"));
  }

  // The heads' gated, normalised outputs side by side, [B*S, I].
  @Override
  NDArray mixed(TensorScope scope, NDArray h, long batch) {
    MambaShape shape = design.shape();
    NDArray projected = projected(scope, 0, h);
    long steps = shape.inner() + shape.convolved();
    NDArray gate = scope.run("tensor.columns", projected, 0, shape.inner());
    NDArray convolved =
        scope.run(
            "convolution.causal_silu",
            scope.run("tensor.columns", projected, shape.inner(), steps),
            convolution,
            convolutionBias,
            batch);
    NDArray out =
        scope.run(
            "mamba.mix",
            convolved,
            scope.run("tensor.columns", projected, steps, steps + shape.heads()),
            decays,
            direct,
            stepBias,
            batch,
            shape.width(),
            shape.groups(),
            design.leastStep(),
            design.mostStep());
    return scope.run(
        "mamba.gated_norm", out, gate, norm.weight(), shape.normGroups(), norm.epsilon());
  }
}
