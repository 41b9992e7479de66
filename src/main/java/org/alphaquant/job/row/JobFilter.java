package org.alphaquant.job.row;

import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.alphaquant.job.JobState;

/**
 * Which jobs a list holds.
 *
 * @param owner null for everybody's
 * @param states empty for all
 * @param labels pairs that a job must have, all of them
 */
public record JobFilter(String owner, Set<JobState> states, Map<String, String> labels) {
  public JobFilter {
    states = states == null ? Set.of() : Set.copyOf(states);
    labels = labels == null ? Map.of() : Map.copyOf(labels);
  }

  /** The place in a list after which the next page begins: that of the last job seen. */
  public record Position(Instant createdAt, UUID id) {}
}
