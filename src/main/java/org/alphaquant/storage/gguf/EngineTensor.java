package org.alphaquant.storage.gguf;

import java.util.List;

/**
 * A tensor of the engine, and the parts of the model's tensors that it is assembled from.
 *
 * @param name with {@code .weight} or {@code .bias}
 * @param shape in PyTorch's order
 * @param parts concatenated
 * @param matrix whether it may be quantized; else it is stored in float32
 */
record EngineTensor(String name, List<Long> shape, List<Part> parts, boolean matrix) {

  /** A piece of the tensor. */
  sealed interface Part {}

  /**
   * Rows of a tensor of the model.
   *
   * @param tensor its name there
   * @param rows which of its rows, in this order; null for all
   * @param transposed whether the rows, as numbers, become columns
   * @param change of every number, of a vector alone
   * @param segments equal parts of each row in this order, of whole rows alone; null as they are
   */
  record Rows(String tensor, int[] rows, boolean transposed, Change change, int[] segments)
      implements Part {

    Rows(String tensor, int[] rows, boolean transposed) {
      this(tensor, rows, transposed, Change.NONE);
    }

    Rows(String tensor, int[] rows, boolean transposed, Change change) {
      this(tensor, rows, transposed, change, null);
    }

    static Rows all(String tensor) {
      return new Rows(tensor, null, false);
    }

    /** Whether the tensor is taken as it is. */
    boolean isWhole() {
      return rows == null && !transposed && change == Change.NONE && segments == null;
    }
  }

  /** Numbers that the model does not store. */
  record Constants(float[] values) implements Part {}
}
