package org.alphaquant.storage.source.fused;

import ai.djl.ndarray.NDArray;
import java.nio.ByteBuffer;
import java.util.List;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.storage.source.ByteRange;
import org.alphaquant.storage.source.SourceTensor;
import org.alphaquant.storage.source.StoredFloats;
import org.alphaquant.torch.TensorScope;

/**
 * A matrix whose rows are contiguous in a stack.
 *
 * @param info name, type and shape in the model
 * @param stack name of the stored tensor
 * @param offset bytes before the first row
 */
record StackedRows(Checkpoint checkpoint, TensorInfo info, String stack, long offset)
    implements SourceTensor {

  @Override
  public List<TensorInfo> stored() {
    return List.of(checkpoint.info(stack));
  }

  @Override
  public boolean liesAsItIs() {
    return true;
  }

  @Override
  public List<ByteBuffer> bytes() {
    return ByteRange.of(checkpoint.bytes(stack), offset, info.bytes());
  }

  @Override
  public NDArray load(TensorScope scope) {
    return scope.tensor(StoredFloats.torchDtype(info), StoredFloats.shape(info), bytes());
  }

  @Override
  public TensorSource plain() {
    return TensorSource.lazy(info, this::bytes);
  }
}
