package org.alphaquant.model.design;

import java.util.List;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.model.block.WeightReader;

/**
 * A Mamba-2 block (Dao and Gu 2024, arXiv 2405.21060) in the place of attention. The convolution,
 * the decays and D are never quantized.
 *
 * @param module name of the block, without a dot behind
 * @param convolutionBias whether the convolution has a bias
 * @param projectionBias whether the projections have
 * @param leastStep smallest step in time
 * @param mostStep largest step in time; infinite for no limit
 */
public record MambaDesign(
    String module,
    ResidualDesign residual,
    MambaShape shape,
    boolean convolutionBias,
    boolean projectionBias,
    double leastStep,
    double mostStep)
    implements AttentionDesign {

  LinearDesign input() {
    long out = shape.inner() + shape.convolved() + shape.heads();
    return new LinearDesign(module + ".in_proj", out, residual.width(), projectionBias);
  }

  LinearDesign output() {
    return new LinearDesign(module + ".out_proj", residual.width(), shape.inner(), projectionBias);
  }

  NormDesign norm() {
    return new NormDesign(module + ".norm", shape.inner(), residual.epsilon());
  }

  String tensor(String name) {
    return module + "." + name;
  }

  @Override
  public String kind() {
    return "mamba-2";
  }

  @Override
  public void outline(Outline outline, int index) {
    residual.outline(outline);
    outline.linear(input(), ModuleKind.ATTENTION, index, -1);
    outline.linear(output(), ModuleKind.ATTENTION, index, -1);
    norm().outline(outline);
    outline.tensor(tensor("conv1d.weight"), shape.convolved(), 1, shape.kernel());
    if (convolutionBias) {
      outline.tensor(tensor("conv1d.bias"), shape.convolved());
    }
    for (String name : List.of("A_log", "D", "dt_bias")) {
      outline.tensor(tensor(name), shape.heads());
    }
  }

  @Override
  public Mamba load(WeightReader reader) {
    return new Mamba(this, reader);
  }
}
