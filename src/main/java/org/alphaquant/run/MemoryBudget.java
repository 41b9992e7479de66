package org.alphaquant.run;

import org.alphaquant.model.MoeFeedForward;

/**
 * How much of the device a run may fill at once with what it can divide.
 *
 * @param bytes for the experts that are solved together
 */
record MemoryBudget(long bytes) {

  // One copy to the host holds a chunk's codes, and a Java buffer has at most 2 GiB.
  private static final long MOST_CODES = Integer.MAX_VALUE;

  // Copies of the Hessian (its own, shrunk, reordered, damped, factor, inverse) and of the weight
  // (working copy, result, scales and zero points per column, residual, codes) while solving.
  private static final int HESSIAN_COPIES = 7;
  private static final int WEIGHT_COPIES = 9;

  MemoryBudget {
    if (bytes <= 0) {
      throw new IllegalArgumentException(
          "memory budget is %d bytes; it must be positive".formatted(bytes));
    }
  }

  /** Experts of width {@code hidden} that fit, at least one. */
  int expertsAtOnce(MoeFeedForward block, long hidden) {
    long parameters = block.bytesPerExpert() / Float.BYTES;
    long each = Float.BYTES * (HESSIAN_COPIES * hidden * hidden + WEIGHT_COPIES * parameters);
    long fitting = Math.min(bytes / each, MOST_CODES / parameters);
    return (int) Math.max(1, Math.min(block.experts(), fitting));
  }
}
