package org.alphaquant.model.design;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.List;
import org.alphaquant.model.block.WeightReader;
import org.alphaquant.torch.TensorScope;

/** A loaded gated short convolution. */
final class ShortConvolution extends Mixer {

  private final NDArray convolution;
  private final NDList bias = new NDList();

  ShortConvolution(ShortConvolutionDesign design, WeightReader reader) {
    super(design.residual(), List.of(design.input()), design.output(), reader);
    this.convolution = reader.floats(design.convolution());
    if (design.bias()) {
      bias.add(reader.floats(design.convolutionBias()));
    }
  }

  @Override
  NDArray mixed(TensorScope scope, NDArray h, long batch) {
    return scope.run("convolution.gated", projected(scope, 0, h), convolution, bias, batch);
  }
}
