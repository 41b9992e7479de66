package org.alphaquant.job.row;

import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.Id;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobProgress;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.JobState;
import org.hibernate.annotations.Immutable;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.type.SqlTypes;

/**
 * A snapshot of a job's row. Only the statements of {@link Jobs} and {@code Leases} change rows.
 */
@Entity
@Immutable
public class Job {
  @Id private UUID id;
  private String owner;

  @Enumerated(EnumType.STRING)
  @JdbcTypeCode(SqlTypes.VARCHAR)
  private JobState state;

  @JdbcTypeCode(SqlTypes.JSON)
  private StoredSpec spec;

  private int priority;
  private int devices;
  private long deviceMemoryBytes;
  private Instant runAfter;
  private Instant createdAt;
  private Instant startedAt;
  private Instant finishedAt;
  private long leaseEpoch;
  private UUID leaseWorker;
  private Instant leaseExpiresAt;

  @JdbcTypeCode(SqlTypes.JSON)
  private Map<String, Integer> failures;

  private int lostLeases;
  private int giveBacks;
  private Instant cancelRequestedAt;
  private String cancelReason;

  @JdbcTypeCode(SqlTypes.JSON)
  private JobProgress progress;

  private long eventSeq;

  @JdbcTypeCode(SqlTypes.JSON)
  private JobError error;

  @JdbcTypeCode(SqlTypes.JSON)
  private JobResult result;

  private String artifactDirectory;
  private String idempotencyKey;
  private byte[] requestSha256;

  @JdbcTypeCode(SqlTypes.JSON)
  private Map<String, String> labels;

  private Instant expiresAt;
  private String licence;
  private String traceParent;

  protected Job() {}

  public UUID id() {
    return id;
  }

  public String owner() {
    return owner;
  }

  public JobState state() {
    return state;
  }

  public JobSpec spec() {
    return spec.spec();
  }

  public int priority() {
    return priority;
  }

  /** Number of device slots that the job needs on one worker. */
  public int devices() {
    return devices;
  }

  /** Minimum memory of each device in bytes. */
  public long deviceMemoryBytes() {
    return deviceMemoryBytes;
  }

  /** Earliest time of the next claim. */
  public Instant runAfter() {
    return runAfter;
  }

  public Instant createdAt() {
    return createdAt;
  }

  /** Start of the first attempt. */
  public Optional<Instant> startedAt() {
    return Optional.ofNullable(startedAt);
  }

  public Optional<Instant> finishedAt() {
    return Optional.ofNullable(finishedAt);
  }

  /** Number of claims so far; names the attempt. */
  public long leaseEpoch() {
    return leaseEpoch;
  }

  /** The worker that runs the job now. */
  public Optional<UUID> leaseWorker() {
    return Optional.ofNullable(leaseWorker);
  }

  public Optional<Instant> leaseExpiresAt() {
    return Optional.ofNullable(leaseExpiresAt);
  }

  /** Attempts that ended with an error of this class. */
  public int failures(JobError.Kind kind) {
    return failures.getOrDefault(kind.name(), 0);
  }

  /** Attempts that ended with an error, of any class. */
  public int failures() {
    return failures.values().stream().mapToInt(Integer::intValue).sum();
  }

  /** Attempts that ended because the worker's lease expired. */
  public int lostLeases() {
    return lostLeases;
  }

  /** Attempts that ended because their worker was shut down. */
  public int giveBacks() {
    return giveBacks;
  }

  public Optional<Instant> cancelRequestedAt() {
    return Optional.ofNullable(cancelRequestedAt);
  }

  public Optional<String> cancelReason() {
    return Optional.ofNullable(cancelReason);
  }

  public Optional<JobProgress> progress() {
    return Optional.ofNullable(progress);
  }

  /** Sequence number of the newest event; with the epoch it names this version of the row. */
  public long eventSeq() {
    return eventSeq;
  }

  /** Error of the last attempt that failed. */
  public Optional<JobError> error() {
    return Optional.ofNullable(error);
  }

  public Optional<JobResult> result() {
    return Optional.ofNullable(result);
  }

  /** Folder of the result below the data directory; present with SUCCEEDED only. */
  public Optional<String> artifactDirectory() {
    return Optional.ofNullable(artifactDirectory);
  }

  public Optional<String> idempotencyKey() {
    return Optional.ofNullable(idempotencyKey);
  }

  byte[] requestSha256() {
    return requestSha256;
  }

  public Map<String, String> labels() {
    return labels;
  }

  /** When the retention sweep deletes the job. */
  public Optional<Instant> expiresAt() {
    return Optional.ofNullable(expiresAt);
  }

  /** Licence of the model according to its card when the job was posted. */
  public Optional<String> licence() {
    return Optional.ofNullable(licence);
  }

  /** The trace context (W3C) of the request that posted the job. */
  public Optional<String> traceParent() {
    return Optional.ofNullable(traceParent);
  }
}
