package org.alphaquant.storage.gguf;

/** Orders of rows that engines want in projections of queries, keys and values. */
final class RotaryRows {

  private RotaryRows() {}

  /** For rotating neighbours: of each head its two halves, interleaved. */
  static int[] interleaved(int heads, int rows) {
    int dimension = rows / heads;
    int[] order = new int[rows];
    for (int i = 0; i < rows; i++) {
      int within = i % dimension;
      order[i] = i - within + within % 2 * (dimension / 2) + within / 2;
    }
    return order;
  }

  /** Of each head of {@code dimension} rows those from {@code first} to {@code last}. */
  static int[] slices(int heads, int dimension, int first, int last) {
    int[] order = new int[heads * (last - first)];
    for (int i = 0; i < order.length; i++) {
      order[i] = i / (last - first) * dimension + first + i % (last - first);
    }
    return order;
  }
}
