package org.alphaquant.model.design;

import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.model.block.WeightReader;

/**
 * The gated short convolution of LFM2 in the place of attention: in_proj gives B, C and x side by
 * side; C times the causal convolution of B times x goes through out_proj.
 *
 * @param module name of the block, without a dot behind
 * @param kernel width of the convolution
 */
public record ShortConvolutionDesign(
    String module, ResidualDesign residual, long kernel, boolean bias) implements AttentionDesign {

  LinearDesign input() {
    return new LinearDesign(module + ".in_proj", 3 * residual.width(), residual.width(), bias);
  }

  LinearDesign output() {
    return new LinearDesign(module + ".out_proj", residual.width(), residual.width(), bias);
  }

  String convolution() {
    return module + ".conv.weight";
  }

  String convolutionBias() {
    return module + ".conv.bias";
  }

  @Override
  public String kind() {
    return "short-convolution";
  }

  @Override
  public long window() {
    return kernel;
  }

  @Override
  public void outline(Outline outline, int index) {
    residual.outline(outline);
    outline.linear(input(), ModuleKind.ATTENTION, index, -1);
    outline.linear(output(), ModuleKind.ATTENTION, index, -1);
    outline.tensor(convolution(), residual.width(), 1, kernel);
    if (bias) {
      outline.tensor(convolutionBias(), residual.width());
    }
  }

  @Override
  public ShortConvolution load(WeightReader reader) {
    return new ShortConvolution(this, reader);
  }
}
