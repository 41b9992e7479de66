package org.alphaquant.job.row;

import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.JobState;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Creates, reads, cancels, retries and deletes jobs for clients. {@code Leases} has the operations
 * of workers. An operation that finds the row in an unexpected state changes nothing and returns
 * empty.
 */
public final class Jobs {
  private final JobRows rows;
  private final Listeners<JobListener> listeners;
  private final TransactionTemplate transaction;

  Jobs(JobRows rows, Listeners<JobListener> listeners, TransactionTemplate transaction) {
    this.rows = rows;
    this.listeners = listeners;
    this.transaction = transaction;
  }

  public Optional<Job> find(UUID id) {
    return rows.find(id);
  }

  /** The jobs with these ids that still exist, in any order. */
  public List<Job> findAll(Collection<UUID> ids) {
    return rows.findAll(ids);
  }

  /** {@link #create(NewJob, QuotaSettings)} without a quota. */
  public Submission create(NewJob job) {
    return store(job);
  }

  /**
   * Stores a job, or returns the one that an earlier request with the same key stored.
   *
   * @throws IdempotencyConflict if the key was used for another request
   * @throws QuotaExceededException if the owner may not queue another job
   */
  public Submission create(NewJob job, QuotaSettings quotas) {
    return quotas.queued() == 0
        ? store(job)
        : transaction.execute(status -> createWithin(job, quotas.queued()));
  }

  private Submission createWithin(NewJob job, int most) {
    rows.lockQueueOf(job.owner());
    String key = job.idempotencyKey();
    boolean known = key != null && rows.findByKey(job.owner(), key).isPresent();
    long queued = rows.queuedBy(job.owner());
    if (!known && queued >= most) {
      throw new QuotaExceededException(job.owner(), most, queued);
    }
    return store(job);
  }

  private Submission store(NewJob job) {
    JobSpec spec = job.spec();
    byte[] sha256 = job.sha256();
    Optional<Job> created =
        rows.insert(
            UUID.randomUUID(),
            job.owner(),
            StoredJson.write(new StoredSpec(spec)),
            spec.priority(),
            spec.resources().devices(),
            spec.resources().memoryBytes(),
            job.idempotencyKey(),
            sha256,
            StoredJson.write(spec.labels()),
            job.licence(),
            job.traceParent());
    return listeners
        .tell(created, JobListener::created)
        .map(it -> new Submission(it, false))
        .orElseGet(() -> replay(job, sha256));
  }

  /**
   * The job that an earlier request with the same key stored.
   *
   * @throws IdempotencyConflict if the key was used for another request
   */
  public Optional<Submission> earlier(NewJob job) {
    boolean keyed = job.idempotencyKey() != null;
    return keyed && rows.findByKey(job.owner(), job.idempotencyKey()).isPresent()
        ? Optional.of(replay(job, job.sha256()))
        : Optional.empty();
  }

  private Submission replay(NewJob job, byte[] sha256) {
    Job first =
        rows.findByKey(job.owner(), job.idempotencyKey())
            .orElseThrow(() -> new IllegalStateException("the job of this key was just deleted"));
    if (!Arrays.equals(first.requestSha256(), sha256)) {
      throw new IdempotencyConflict(job.idempotencyKey(), first);
    }
    return new Submission(first, true);
  }

  /** The newest jobs first; {@code after} null for the first page. */
  public List<Job> list(JobFilter filter, JobFilter.Position after, int limit) {
    String labels = filter.labels().isEmpty() ? null : StoredJson.write(filter.labels());
    String kind = filter.kind() == null ? null : filter.kind().jsonName();
    String createdAt = after == null ? null : after.createdAt().toString();
    String id = after == null ? null : after.id().toString();
    return filter.states().isEmpty()
        ? rows.list(filter.owner(), kind, labels, createdAt, id, limit)
        : rows.listStates(filter.owner(), names(filter), labels, createdAt, id, limit);
  }

  private static String names(JobFilter filter) {
    return filter.states().stream().map(Enum::name).collect(Collectors.joining(","));
  }

  /**
   * Cancels a job: at once if it is queued; a running one is cancelled by its worker.
   *
   * @return the job as it is now; empty when it has finished or is unknown
   */
  public Optional<Job> cancel(UUID id, String reason) {
    return listeners.tell(rows.cancel(id, reason), JobListener::changed);
  }

  /** Queues a failed or cancelled job again with all its retries. */
  public Optional<Job> retry(UUID id) {
    return listeners.tell(rows.retry(id), JobListener::changed);
  }

  /** Deletes a finished job and its events; a sweep deletes its folder later. */
  public Optional<Job> delete(UUID id) {
    return rows.delete(id);
  }

  /**
   * Deletes finished jobs, oldest first, and their events; a sweep deletes their folders later.
   *
   * @return the ids of those deleted
   */
  public List<UUID> deleteFinished(JobFilter filter, int limit) {
    String states =
        filter.states().stream()
            .filter(JobState::isTerminal)
            .map(Enum::name)
            .collect(Collectors.joining(","));
    return rows.deleteFinished(filter.owner(), states, StoredJson.write(filter.labels()), limit);
  }

  /** Seconds that the longest-waiting runnable job has been waiting; 0 without one. */
  public double oldestWaitSeconds() {
    return rows.oldestWaitSeconds();
  }

  /** The number of jobs in each state, including zeros. */
  public Map<JobState, Long> counts() {
    Map<JobState, Long> counts = new EnumMap<>(JobState.class);
    Arrays.stream(JobState.values()).forEach(state -> counts.put(state, 0L));
    rows.countRows().forEach(row -> counts.put(JobState.valueOf(row.getState()), row.getJobs()));
    return counts;
  }

  /** The number of queued and running jobs. Fast, however many jobs have finished. */
  public Map<JobState, Long> activeCounts() {
    Map<JobState, Long> counts = new EnumMap<>(JobState.class);
    counts.put(JobState.QUEUED, rows.countOf(JobState.QUEUED.name()));
    counts.put(JobState.RUNNING, rows.countOf(JobState.RUNNING.name()));
    return counts;
  }

  /** The sequence number of the newest event of each job that still exists. */
  public List<Newest> newestEvents(Collection<UUID> ids) {
    return rows.newestEvents(ids);
  }

  /** A row of {@link #counts}. */
  interface StateCount {
    String getState();

    Long getJobs();
  }

  /** A row of {@link #newestEvents}. */
  public interface Newest {
    UUID getId();

    Long getSeq();
  }
}
