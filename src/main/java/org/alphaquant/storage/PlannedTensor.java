package org.alphaquant.storage;

import java.util.List;
import org.alphaquant.checkpoint.TensorInfo;

/**
 * A planned tensor of a result.
 *
 * @param tensor its name, dtype and shape in the files
 * @param pieces what it is assembled from, in order: planes of quantized modules ({@code
 *     <module>.<suffix>}) and plain tensors of the model
 * @param assembly how the pieces are assembled
 */
public record PlannedTensor(ResultTensor tensor, List<String> pieces, Assembly assembly) {

  public PlannedTensor {
    pieces = List.copyOf(pieces);
  }

  /** A tensor that is the concatenation of its pieces. */
  public PlannedTensor(ResultTensor tensor, List<String> pieces) {
    this(tensor, pieces, Assembly.JOINED);
  }

  /** A tensor that is one piece, under the piece's own name. */
  public static PlannedTensor of(TensorInfo info) {
    return new PlannedTensor(ResultTensor.of(info), List.of(info.name()));
  }

  public String name() {
    return tensor.name();
  }
}
