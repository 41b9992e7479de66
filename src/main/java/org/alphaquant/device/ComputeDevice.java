package org.alphaquant.device;

import static java.util.Objects.requireNonNull;

/**
 * One processor that can run a model.
 *
 * @param name {@code cpu} or {@code cuda:<n>}
 * @param memoryBytes its total memory
 */
public record ComputeDevice(String name, long memoryBytes) {
  public ComputeDevice {
    requireNonNull(name, "name is null");
  }
}
