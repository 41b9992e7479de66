package org.alphaquant.job.delivery;

import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.Id;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.alphaquant.job.JobState;
import org.hibernate.annotations.Immutable;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.type.SqlTypes;

/** A snapshot of one message to a job's webhook. */
@Entity
@Immutable
public class WebhookDelivery {
  @Id private UUID id;
  private UUID jobId;
  private long seq;

  @Enumerated(EnumType.STRING)
  @JdbcTypeCode(SqlTypes.VARCHAR)
  private JobState event;

  private String url;
  private String host;
  private String body;
  private Instant createdAt;
  private int attempts;
  private Instant nextAttemptAt;
  private Instant finishedAt;

  @Enumerated(EnumType.STRING)
  @JdbcTypeCode(SqlTypes.VARCHAR)
  private Outcome outcome;

  private Integer lastStatus;
  private String lastError;

  protected WebhookDelivery() {}

  /** How a delivery ended. */
  public enum Outcome {
    /** The receiver answered 2xx. */
    DELIVERED,
    /** The address is not allowed, or the receiver answered 410 (Gone). */
    REFUSED,
    /** All attempts failed, or none was made for three days. */
    GIVEN_UP
  }

  /** Id of the message, equal for all attempts, so that receivers can detect duplicates. */
  public UUID id() {
    return id;
  }

  public UUID jobId() {
    return jobId;
  }

  /** Sequence number of the event that it reports. */
  public long seq() {
    return seq;
  }

  /** The state that the job entered. */
  public JobState event() {
    return event;
  }

  public String url() {
    return url;
  }

  /** Host and port from the address. */
  public String host() {
    return host;
  }

  /** JSON; the same bytes at every attempt. */
  public String body() {
    return body;
  }

  public Instant createdAt() {
    return createdAt;
  }

  /** Number of attempts begun. */
  public int attempts() {
    return attempts;
  }

  /**
   * Time of the next attempt, even if the current one is lost; empty once the delivery has ended.
   */
  public Optional<Instant> nextAttemptAt() {
    return Optional.ofNullable(nextAttemptAt);
  }

  public Optional<Instant> finishedAt() {
    return Optional.ofNullable(finishedAt);
  }

  public Optional<Outcome> outcome() {
    return Optional.ofNullable(outcome);
  }

  /** HTTP status of the last response. */
  public Optional<Integer> lastStatus() {
    return Optional.ofNullable(lastStatus);
  }

  /** Why the last attempt got no response. */
  public Optional<String> lastError() {
    return Optional.ofNullable(lastError);
  }
}
