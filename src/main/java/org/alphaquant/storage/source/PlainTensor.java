package org.alphaquant.storage.source;

import ai.djl.ndarray.NDArray;
import java.nio.ByteBuffer;
import java.util.List;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.torch.TensorScope;

/**
 * An unquantized tensor, possibly stored under another name.
 *
 * @param name in the model
 * @param storedName in the checkpoint
 */
public record PlainTensor(Checkpoint checkpoint, String name, String storedName)
    implements SourceTensor {

  @Override
  public TensorInfo info() {
    return checkpoint.info(storedName).renamed(name);
  }

  @Override
  public List<TensorInfo> stored() {
    return List.of(checkpoint.info(storedName));
  }

  @Override
  public boolean liesAsItIs() {
    return true;
  }

  @Override
  public List<ByteBuffer> bytes() {
    return checkpoint.bytes(storedName);
  }

  @Override
  public NDArray load(TensorScope scope) {
    TensorInfo info = checkpoint.info(storedName);
    return scope.tensor(StoredFloats.torchDtype(info), StoredFloats.shape(info), bytes());
  }

  @Override
  public TensorSource plain() {
    return checkpoint.source(storedName).renamed(name);
  }
}
