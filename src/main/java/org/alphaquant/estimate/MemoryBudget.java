package org.alphaquant.estimate;

import org.alphaquant.model.block.MoeFeedForward;
import org.alphaquant.torch.Torch;

/**
 * How much of the device a run may fill at once with what it can divide.
 *
 * @param bytes for the experts that are solved together
 */
public record MemoryBudget(long bytes) {

  // One copy to the host holds a chunk's codes, and a Java buffer has at most 2 GiB.
  private static final long MOST_CODES = Integer.MAX_VALUE;

  // Copies of the Hessian (its own, shrunk, reordered, damped, factor, inverse) and of the weight
  // (working copy, result, scales and zero points per column, residual, codes) while solving.
  private static final int HESSIAN_COPIES = 7;
  private static final int WEIGHT_COPIES = 9;

  public MemoryBudget {
    if (bytes <= 0) {
      throw new IllegalArgumentException(
          "memory budget is %d bytes; it must be positive".formatted(bytes));
    }
  }

  // A host has other tenants; a GPU is the run's alone, but the stream and the block input are on
  // it.
  private static final long HOST = 4L << 30;
  private static final double DEVICE_PART = 0.5;

  /** The budget on a device, halved for every earlier attempt that ran out of memory. */
  public static MemoryBudget of(Torch torch, int earlierFailures) {
    long all =
        torch.freeDeviceMemory().isPresent()
            ? (long) (torch.freeDeviceMemory().getAsLong() * DEVICE_PART)
            : HOST;
    return new MemoryBudget(Math.max(1, all >> earlierFailures));
  }

  /** The budget to plan with for a device of that memory, 0 where it is not known. */
  public static long planned(long deviceMemory) {
    return deviceMemory == 0 ? HOST : (long) (deviceMemory * DEVICE_PART);
  }

  /** Experts of width {@code hidden} that fit, at least one. */
  public int expertsAtOnce(MoeFeedForward block, long hidden) {
    long parameters = block.bytesPerExpert() / Float.BYTES;
    long each = Float.BYTES * (HESSIAN_COPIES * hidden * hidden + WEIGHT_COPIES * parameters);
    long fitting = Math.min(bytes / each, MOST_CODES / parameters);
    return (int) Math.max(1, Math.min(block.experts(), fitting));
  }
}
