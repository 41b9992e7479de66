package org.alphaquant.storage.source;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.torch.TensorScope;

/** A tensor of the model, independent of how the checkpoint stores it. */
public interface SourceTensor {

  /** The tensor's name in the model, and the type and shape it has once it is plain. */
  TensorInfo info();

  /** The stored tensors it is read from, the one with its values first. */
  List<TensorInfo> stored();

  /** Reads it, as the floating-point type it is stored in, or as float32 where it is decoded. */
  NDArray load(TensorScope scope);

  /** The tensor as a plain checkpoint holds it, under the model's name. */
  TensorSource plain();
}
