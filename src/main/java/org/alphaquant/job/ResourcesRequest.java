package org.alphaquant.job;

import static org.alphaquant.job.Limits.orElse;
import static org.alphaquant.job.Limits.within;

import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * The resources that a job needs.
 *
 * @param devices number of device slots, all on one worker
 * @param memoryBytes minimum memory of each device
 */
@JsonNaming(SnakeCaseStrategy.class)
public record ResourcesRequest(Integer devices, Long memoryBytes) {
  public ResourcesRequest {
    devices = (int) within("devices", orElse(devices, 1), 1, 64);
    memoryBytes = within("memory_bytes", orElse(memoryBytes, 0L), 0, 1L << 50);
  }
}
