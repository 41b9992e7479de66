package org.alphaquant.run;

import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.format.WeightGrid;
import org.alphaquant.model.block.InputRounding;
import org.alphaquant.torch.TorchDtype;

/** The rounding of inputs that a checkpoint's scheme asks an engine for. */
final class StoredActivation {

  private StoredActivation() {}

  /**
   * @param divisor of the inputs, with NVFP4
   */
  static InputRounding rounding(TensorScheme scheme, double divisor) {
    NumberFormat format = scheme.activation();
    TensorScheme inputs = TensorScheme.of(format, format.defaultGroupSize());
    boolean perToken = format.blockSize() == 0;
    // Any multiple of the block will do: only the grid and the kind of scale are read.
    WeightGrid grid =
        WeightGrid.of(
            perToken ? TensorScheme.of(format, TensorScheme.PER_CHANNEL) : inputs,
            128,
            TorchDtype.FLOAT32);
    return new InputRounding(
        grid.floating(),
        grid.least(),
        grid.greatest(),
        grid.mantissaBits(),
        grid.leastExponent(),
        format.blockSize(),
        grid.scaleKind(),
        divisor);
  }
}
