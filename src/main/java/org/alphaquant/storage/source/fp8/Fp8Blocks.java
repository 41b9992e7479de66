package org.alphaquant.storage.source.fp8;

import java.util.List;
import java.util.Set;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.storage.source.SourceQuantization;

/**
 * Size of the blocks that share a scale in an fp8 checkpoint (DeepSeek-V3, README_WEIGHTS.md):
 * {@code W[i, j] = q[i, j] * scale_inv[i / rows, j / columns]}; edge blocks are smaller.
 */
record Fp8Blocks(long rows, long columns) {

  /** Reads {@code quantization_config}; other methods than fp8 are refused. */
  static Fp8Blocks of(Checkpoint checkpoint) {
    ModelConfig config = SourceQuantization.require(checkpoint, "there are fp8 weights");
    config.oneOf("quant_method", "", Set.of("fp8"));
    config.oneOf("fmt", "e4m3", Set.of("e4m3", "float8_e4m3fn"));
    List<Long> size = config.integersOrNull("weight_block_size");
    if (size.size() != 2 || size.get(0) < 1 || size.get(1) < 1) {
      throw config.wrong("weight_block_size", "is " + size + "; it must be [rows, columns]");
    }
    return new Fp8Blocks(size.get(0), size.get(1));
  }

  void check(TensorInfo weight, TensorInfo scale) {
    if (!Set.of(Dtype.F32, Dtype.BF16).contains(scale.dtype())) {
      throw ModelException.tensor(scale.name(), "is " + scale.dtype() + ", not F32 or BF16");
    }
    if (weight.shape().size() != 2) {
      throw ModelException.tensor(
          weight.name(), "is fp8 with shape " + weight.shape() + ", not 2-D");
    }
    List<Long> expected =
        List.of(blocks(weight.shape().get(0), rows), blocks(weight.shape().get(1), columns));
    if (!scale.shape().equals(expected)) {
      throw ModelException.tensor(
          scale.name(),
          "has shape " + scale.shape() + " but blocks of " + this + " make " + expected);
    }
  }

  private static long blocks(long size, long block) {
    return (size + block - 1) / block;
  }

  @Override
  public String toString() {
    return rows + "x" + columns;
  }
}
