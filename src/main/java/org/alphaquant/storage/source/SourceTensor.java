package org.alphaquant.storage.source;

import ai.djl.ndarray.NDArray;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.torch.TensorScope;

/** A tensor of the model, independent of how the checkpoint stores it. */
public interface SourceTensor {

  /** The tensor's name in the model, with its dtype and shape after dequantization. */
  TensorInfo info();

  /** The stored tensors it is read from, the one with its values first. */
  List<TensorInfo> stored();

  /**
   * The same, checked as far as headers allow.
   *
   * @throws org.alphaquant.architecture.ModelException if its parts do not fit together, or have an
   *     unsupported type
   */
  default SourceTensor checked() {
    return this;
  }

  /** How a matrix of codes is stored; empty of plain numbers. */
  default Optional<TensorScheme> scheme() {
    return Optional.empty();
  }

  /** The codes of a matrix that has a {@link #scheme}. */
  default ScaledCodes codes(TensorScope scope) {
    throw new IllegalStateException(info().name() + " is stored plainly");
  }

  /** Whether its bytes lie in a file as {@link #info} says. */
  default boolean liesAsItIs() {
    return false;
  }

  /** The bytes of a tensor that {@link #liesAsItIs}. */
  default List<ByteBuffer> bytes() {
    throw new IllegalStateException(info().name() + " is decoded");
  }

  /** Reads it, as the floating-point type it is stored in, or as float32 where it is decoded. */
  NDArray load(TensorScope scope);

  /** The tensor as a plain checkpoint holds it, under the model's name. */
  TensorSource plain();
}
