package org.alphaquant.storage;

import java.util.List;
import org.alphaquant.checkpoint.TensorInfo;

/**
 * A tensor that a result is to hold.
 *
 * @param tensor as the files will name it
 * @param pieces what it is put together from, in order: planes of quantized modules ({@code
 *     <module>.<suffix>}) and plain tensors of the model
 * @param joining how the pieces lie in it
 */
public record PlannedTensor(ResultTensor tensor, List<String> pieces, Joining joining) {

  /** How pieces become one tensor. */
  public enum Joining {
    /** One after another. */
    IN_SEQUENCE,

    /** In each matrix of a stack the columns of one piece after those of the other. */
    BY_COLUMNS,

    /** In each matrix of a stack a column of one piece and a column of the other by turns. */
    COLUMNS_BY_TURNS
  }

  public PlannedTensor {
    pieces = List.copyOf(pieces);
  }

  /** A tensor that is its pieces, one after another. */
  public PlannedTensor(ResultTensor tensor, List<String> pieces) {
    this(tensor, pieces, Joining.IN_SEQUENCE);
  }

  /** A tensor that is one piece, under the piece's own name. */
  public static PlannedTensor of(TensorInfo info) {
    return new PlannedTensor(ResultTensor.of(info), List.of(info.name()));
  }

  public String name() {
    return tensor.name();
  }
}
