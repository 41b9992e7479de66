package org.alphaquant.job.row;

import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.alphaquant.job.JobKind;
import org.alphaquant.job.JobState;

/**
 * Selects the jobs of a list.
 *
 * @param owner null for all owners
 * @param kind null for all kinds
 * @param states empty for all
 * @param labels labels that a job must have, all of them
 */
public record JobFilter(
    String owner, JobKind kind, Set<JobState> states, Map<String, String> labels) {
  public JobFilter {
    states = states == null ? Set.of() : Set.copyOf(states);
    labels = labels == null ? Map.of() : Map.copyOf(labels);
  }

  /** Jobs of every kind. */
  public JobFilter(String owner, Set<JobState> states, Map<String, String> labels) {
    this(owner, null, states, labels);
  }

  /** Jobs of one kind, in every state. */
  public static JobFilter ofKind(String owner, JobKind kind) {
    return new JobFilter(owner, kind, Set.of(), Map.of());
  }

  /** The position of the last job of a page; the next page begins after it. */
  public record Position(Instant createdAt, UUID id) {}
}
