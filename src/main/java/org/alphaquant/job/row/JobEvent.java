package org.alphaquant.job.row;

import jakarta.persistence.Embeddable;
import jakarta.persistence.EmbeddedId;
import jakarta.persistence.Entity;
import java.time.Instant;
import java.util.UUID;
import org.alphaquant.job.JobState;
import org.hibernate.annotations.Immutable;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.type.SqlTypes;
import tools.jackson.databind.JsonNode;

/**
 * An event of a job. Sequence numbers of one job start at 1 and have no gaps.
 *
 * <p>Types: {@code state} (data: state, reason, error, run_after), {@code progress} (a {@link
 * org.alphaquant.job.JobProgress}), {@code experts}, {@code log}, {@code metric} (the run's own
 * data).
 */
@Entity
@Immutable
public class JobEvent {
  @EmbeddedId private Key key;
  private long attempt;
  private String type;
  private String level;

  @JdbcTypeCode(SqlTypes.JSON)
  private JsonNode data;

  private Instant createdAt;

  protected JobEvent() {}

  public UUID jobId() {
    return key.jobId();
  }

  public long seq() {
    return key.seq();
  }

  /** Lease epoch under which it was written; 0 before the first claim. */
  public long attempt() {
    return attempt;
  }

  public String type() {
    return type;
  }

  /** {@code info}, {@code warn} or {@code error}. */
  public String level() {
    return level;
  }

  public JsonNode data() {
    return data;
  }

  public Instant createdAt() {
    return createdAt;
  }

  /** Whether the job ended with this event. */
  public boolean isTerminal() {
    return type.equals("state") && JobState.valueOf(data.get("state").asString()).isTerminal();
  }

  /** One event of one job. */
  @Embeddable
  public record Key(UUID jobId, long seq) {}
}
