package org.alphaquant.storage.source.mxfp4;

import java.util.List;
import java.util.Set;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.storage.source.SourceQuantization;

/**
 * Stacks of matrices in MXFP4 (OCP MX 1.0, section 5): 32 consecutive inputs of a row share a power
 * of two, and two E2M1 codes share a byte, the earlier one in the low bits.
 */
public final class Mxfp4 {

  static final int BLOCK = 32;
  private static final int BLOCK_BYTES = BLOCK / 2;

  private Mxfp4() {}

  /** The codes, uint8 [E, out, in/32, 16]. */
  public static String blocks(String name) {
    return name + "_blocks";
  }

  /** The exponents plus 127, uint8 [E, out, in/32]. */
  public static String scales(String name) {
    return name + "_scales";
  }

  /** Whether a tensor of that name holds exponents. */
  public static boolean isScales(String stored) {
    return stored.endsWith(scales(""));
  }

  /** Checks both tensors of a stack against the shape that config.json implies. */
  public static List<TensorInfo> check(
      Checkpoint checkpoint, String name, long count, long out, long in) {
    if (in % BLOCK != 0) {
      throw ModelException.tensor(
          blocks(name), "has rows of " + in + " inputs, which blocks of 32 do not divide");
    }
    SourceQuantization.require(checkpoint, "there is a tensor " + blocks(name))
        .oneOf("quant_method", "", Set.of("mxfp4"));
    return List.of(
        bytes(checkpoint, blocks(name), List.of(count, out, in / BLOCK, (long) BLOCK_BYTES)),
        bytes(checkpoint, scales(name), List.of(count, out, in / BLOCK)));
  }

  private static TensorInfo bytes(Checkpoint checkpoint, String name, List<Long> shape) {
    if (!checkpoint.has(name)) {
      throw ModelException.tensor(name, "is missing; it must have shape " + shape);
    }
    TensorInfo info = checkpoint.info(name);
    if (info.dtype() != Dtype.U8 || !info.shape().equals(shape)) {
      throw ModelException.tensor(
          name, "is " + info.dtype() + " " + info.shape() + " but must be U8 " + shape);
    }
    return info;
  }
}
