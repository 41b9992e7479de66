package org.alphaquant.storage;

import java.util.List;
import org.alphaquant.checkpoint.TensorInfo;

/**
 * A tensor of a result, as its files name it.
 *
 * @param dtype the format's own name of the type: {@code BF16}, {@code I32}, {@code Q4_K}
 * @param bytes stored size
 */
public record ResultTensor(String name, String dtype, List<Long> shape, long bytes) {

  public ResultTensor {
    shape = List.copyOf(shape);
  }

  public static ResultTensor of(TensorInfo info) {
    return new ResultTensor(info.name(), info.dtype().name(), info.shape(), info.bytes());
  }
}
