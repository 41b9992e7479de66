package org.alphaquant.run;

import java.nio.ByteOrder;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.NumberFormat.Kind;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.format.WeightGrid;
import org.alphaquant.model.block.InputRounding;
import org.alphaquant.torch.TorchDtype;

/** The rounding of inputs that a checkpoint's scheme asks an engine for. */
final class StoredActivation {

  /** The tensor that holds NVFP4's divisor of a module's inputs. */
  static final String DIVISOR = ".input_global_scale";

  private StoredActivation() {}

  static InputRounding rounding(Checkpoint checkpoint, String module, TensorScheme scheme) {
    NumberFormat format = scheme.activation();
    TensorScheme inputs = TensorScheme.of(format, format.defaultGroupSize());
    boolean perToken = format.blockSize() == 0;
    // Any multiple of the block will do: only the grid and the kind of scale are read.
    WeightGrid grid =
        WeightGrid.of(
            perToken ? TensorScheme.of(format, TensorScheme.PER_CHANNEL) : inputs,
            128,
            TorchDtype.FLOAT32);
    double[] g = grid.grid();
    double divisor = format.kind() == Kind.NV ? divisor(checkpoint, module) : 1;
    return new InputRounding(g[0], g[1], g[2], g[3], format.blockSize(), grid.scaleKind(), divisor);
  }

  private static double divisor(Checkpoint checkpoint, String module) {
    return checkpoint
        .bytes(module + DIVISOR)
        .get(0)
        .duplicate()
        .order(ByteOrder.LITTLE_ENDIAN)
        .getFloat();
  }
}
