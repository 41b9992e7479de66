package org.alphaquant.model.design;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.List;
import org.alphaquant.model.block.Attention;
import org.alphaquant.model.block.Linear;
import org.alphaquant.model.block.Residual;
import org.alphaquant.model.block.WeightReader;
import org.alphaquant.torch.TensorScope;

/** A loaded gated short convolution. */
final class ShortConvolution implements Attention {

  private final Residual residual;
  private final Linear input;
  private final Linear output;
  private final NDArray convolution;
  private final NDList bias = new NDList();

  ShortConvolution(ShortConvolutionDesign design, WeightReader reader) {
    this.residual = design.residual().load(reader);
    this.input = design.input().load(reader);
    this.output = design.output().load(reader);
    this.convolution = reader.floats(design.convolution());
    if (design.bias()) {
      bias.add(reader.floats(design.convolutionBias()));
    }
  }

  @Override
  public List<List<Linear>> stages() {
    return List.of(List.of(input), List.of(output));
  }

  @Override
  public NDArray input(TensorScope scope, int stage, NDArray x) {
    if (stage == 0) {
      return residual.input(scope, x);
    }
    try (TensorScope inner = scope.child("convolution")) {
      NDArray projected = input.apply(inner, residual.input(inner, x));
      long batch = x.getShape().get(0);
      return inner.keep(scope, inner.run("convolution.gated", projected, convolution, bias, batch));
    }
  }

  @Override
  public NDArray output(TensorScope scope, NDArray x, NDArray read) {
    try (TensorScope inner = scope.child("convolution output")) {
      return inner.keep(scope, residual.join(inner, x, output.apply(inner, read)));
    }
  }
}
