package org.alphaquant.job.row;

import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.alphaquant.job.JobState;

/**
 * Selects the jobs of a list.
 *
 * @param owner null for all owners
 * @param states empty for all
 * @param labels labels that a job must all have
 */
public record JobFilter(String owner, Set<JobState> states, Map<String, String> labels) {
  public JobFilter {
    states = states == null ? Set.of() : Set.copyOf(states);
    labels = labels == null ? Map.of() : Map.copyOf(labels);
  }

  /** The place in a list after which the next page begins: that of the last job seen. */
  public record Position(Instant createdAt, UUID id) {}
}
