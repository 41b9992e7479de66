package org.alphaquant.job.queue;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.hibernate.annotations.Immutable;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.type.SqlTypes;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/** A worker process as of its last heartbeat. */
@Entity
@Immutable
@Table(name = "worker")
public class RegisteredWorker {
  @Id private UUID id;
  private String host;

  @JdbcTypeCode(SqlTypes.JSON)
  private Slot[] slots;

  private Instant startedAt;
  private Instant seenAt;
  private boolean draining;

  protected RegisteredWorker() {}

  public UUID id() {
    return id;
  }

  public String host() {
    return host;
  }

  public List<Slot> slots() {
    return List.of(slots);
  }

  public Instant startedAt() {
    return startedAt;
  }

  /** Time of the last heartbeat. */
  public Instant seenAt() {
    return seenAt;
  }

  /** Whether it is shutting down and claims no more jobs. */
  public boolean draining() {
    return draining;
  }

  /**
   * A device slot, for a job or a part of one.
   *
   * @param device {@code cpu} or {@code cuda:<n>}
   * @param memoryBytes the device's memory
   */
  @JsonNaming(SnakeCaseStrategy.class)
  public record Slot(String device, long memoryBytes) {}
}
