package org.alphaquant.model.design;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.alphaquant.model.block.Attention;
import org.alphaquant.model.block.Linear;
import org.alphaquant.model.block.Residual;
import org.alphaquant.model.block.WeightReader;
import org.alphaquant.torch.TensorScope;

/** A loaded recurrence or convolution: tokens are mixed between its inputs and its output. */
abstract class Mixer implements Attention {

  private final Residual residual;
  private final List<Linear> inputs;
  private final Linear output;

  /**
   * @param inputs linears that read the block's input and are quantized
   * @param output linear that reads what is mixed
   */
  Mixer(
      ResidualDesign residual,
      List<LinearDesign> inputs,
      LinearDesign output,
      WeightReader reader) {
    this.residual = residual.load(reader);
    this.inputs = inputs.stream().map(linear -> linear.load(reader)).toList();
    this.output = output.load(reader);
  }

  /**
   * What the output reads, [B*S, in].
   *
   * @param h the block's input behind its norm, [B*S, H]
   * @param batch sequences, B
   */
  abstract NDArray mixed(TensorScope scope, NDArray h, long batch);

  /** What an input linear makes of h, [B*S, out]. */
  final NDArray projected(TensorScope scope, int linear, NDArray h) {
    return inputs.get(linear).apply(scope, h);
  }

  @Override
  public final List<List<Linear>> stages() {
    return List.of(inputs, List.of(output));
  }

  @Override
  public final NDArray input(TensorScope scope, int stage, NDArray x) {
    if (stage == 0) {
      return residual.input(scope, x);
    }
    try (TensorScope inner = scope.child("mixer")) {
      NDArray h = residual.input(inner, x);
      return inner.keep(scope, mixed(inner, h, x.getShape().get(0)));
    }
  }

  @Override
  public final NDArray output(TensorScope scope, NDArray x, NDArray read) {
    try (TensorScope inner = scope.child("mixer output")) {
      return inner.keep(scope, residual.join(inner, x, output.apply(inner, read)));
    }
  }
}
