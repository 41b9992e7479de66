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

/** A loaded Mamba-2 block. */
final class Mamba implements Attention {

  private final MambaDesign design;
  private final Residual residual;
  private final Linear input;
  private final Linear output;
  private final Norm norm;
  private final NDArray convolution;
  private final NDList convolutionBias = new NDList();
  private final NDArray decays;
  private final NDArray direct;
  private final NDArray stepBias;

  Mamba(MambaDesign design, WeightReader reader) {
    this.design = design;
    this.residual = design.residual().load(reader);
    this.input = design.input().load(reader);
    this.output = design.output().load(reader);
    this.norm = design.norm().load(reader);
    this.convolution = reader.floats(design.tensor("conv1d.weight"));
    if (design.convolutionBias()) {
      convolutionBias.add(reader.floats(design.tensor("conv1d.bias")));
    }
    this.decays = reader.floats(design.tensor("A_log"));
    this.direct = reader.floats(design.tensor("D"));
    this.stepBias = reader.floats(design.tensor("dt_bias"));
  }

  @Override
  public List<List<Linear>> stages() {
    return List.of(List.of(input), List.of(output));
  }

  @Override
  public NDArray input(TensorScope scope, int stage, NDArray x) {
    return stage == 0 ? residual.input(scope, x) : mixed(scope, x);
  }

  @Override
  public NDArray output(TensorScope scope, NDArray x, NDArray read) {
    try (TensorScope inner = scope.child("mamba output")) {
      return inner.keep(scope, residual.join(inner, x, output.apply(inner, read)));
    }
  }

  // The heads' gated, normalised outputs side by side, [B*S, I].
  private NDArray mixed(TensorScope scope, NDArray x) {
    try (TensorScope inner = scope.child("heads")) {
      long batch = x.getShape().get(0);
      MambaShape shape = design.shape();
      NDArray projected = input.apply(inner, residual.input(inner, x));
      long steps = shape.inner() + shape.convolved();
      NDArray gate = inner.run("tensor.columns", projected, 0, shape.inner());
      NDArray convolved =
          inner.run(
              "convolution.causal_silu",
              inner.run("tensor.columns", projected, shape.inner(), steps),
              convolution,
              convolutionBias,
              batch);
      NDArray out =
          inner.run(
              "mamba.mix",
              convolved,
              inner.run("tensor.columns", projected, steps, steps + shape.heads()),
              decays,
              direct,
              stepBias,
              batch,
              shape.width(),
              shape.groups(),
              design.leastStep(),
              design.mostStep());
      long groups = shape.normGroups();
      return inner.keep(
          scope, inner.run("mamba.gated_norm", out, gate, norm.weight(), groups, norm.epsilon()));
    }
  }
}
