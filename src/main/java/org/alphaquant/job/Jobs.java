package org.alphaquant.job;

import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import org.springframework.data.jpa.repository.NativeQuery;
import org.springframework.data.repository.Repository;
import org.springframework.transaction.annotation.Transactional;

/**
 * Creating, reading and steering jobs: every statement that a client causes. What a worker writes
 * is in {@link Leases}. A statement that finds the row in another state changes nothing and returns
 * empty.
 */
public interface Jobs extends Repository<Job, UUID> {

  @NativeQuery("select * from job where id = :id")
  Optional<Job> find(UUID id);

  /** Those of the jobs that are still there, in no order. */
  @NativeQuery("select * from job where id in (:ids)")
  List<Job> findAll(Collection<UUID> ids);

  /** {@link #create(NewJob, QuotaSettings)} without a quota. */
  default Submission create(NewJob job) {
    return store(job);
  }

  /**
   * Stores a job, or finds the one that an earlier request with the same key stored.
   *
   * @throws IdempotencyConflict if the key was used for another request
   * @throws QuotaExceededException if the owner may not queue another job
   */
  default Submission create(NewJob job, QuotaSettings quotas) {
    return quotas.queued() == 0 ? store(job) : createWithin(job, quotas.queued());
  }

  /** {@link #create(NewJob, QuotaSettings)} while the owner has fewer than so many queued. */
  @Transactional
  default Submission createWithin(NewJob job, int most) {
    lockQueueOf(job.owner());
    String key = job.idempotencyKey();
    boolean known = key != null && findByKey(job.owner(), key).isPresent();
    long queued = queuedBy(job.owner());
    if (!known && queued >= most) {
      throw new QuotaExceededException(job.owner(), most, queued);
    }
    return store(job);
  }

  // One owner's creates in turn, or two could both see the last free place.
  @NativeQuery("select cast(pg_advisory_xact_lock(1, hashtext(:owner)) as text)")
  String lockQueueOf(String owner);

  @NativeQuery("select count(*) from job where owner = :owner and state = 'QUEUED'")
  long queuedBy(String owner);

  private Submission store(NewJob job) {
    JobSpec spec = job.spec();
    byte[] sha256 = job.sha256();
    return insert(
            UUID.randomUUID(),
            job.owner(),
            StoredJson.write(new StoredSpec(spec)),
            spec.priority(),
            spec.resources().devices(),
            spec.resources().memoryBytes(),
            job.idempotencyKey(),
            sha256,
            StoredJson.write(spec.labels()))
        .map(created -> new Submission(created, false))
        .orElseGet(() -> replay(job, sha256));
  }

  /**
   * The job that an earlier request with the same key stored.
   *
   * @throws IdempotencyConflict if the key was used for another request
   */
  default Optional<Submission> earlier(NewJob job) {
    boolean keyed = job.idempotencyKey() != null;
    return keyed && findByKey(job.owner(), job.idempotencyKey()).isPresent()
        ? Optional.of(replay(job, job.sha256()))
        : Optional.empty();
  }

  private Submission replay(NewJob job, byte[] sha256) {
    Job first =
        findByKey(job.owner(), job.idempotencyKey())
            .orElseThrow(() -> new IllegalStateException("the job of this key was just deleted"));
    if (!Arrays.equals(first.requestSha256(), sha256)) {
      throw new IdempotencyConflict(job.idempotencyKey(), first);
    }
    return new Submission(first, true);
  }

  // A second request with the same key waits on the unique index until the first has committed.
  @Announced
  @NativeQuery(
      """
      insert into job (id, owner, spec, priority, devices, device_memory_bytes,
                       idempotency_key, request_sha256, labels)
      values (:id, :owner, cast(:spec as jsonb), :priority, :devices, :memory,
              :key, :sha256, cast(:labels as jsonb))
      on conflict (owner, idempotency_key) where idempotency_key is not null do nothing
      returning *
      """)
  Optional<Job> insert(
      UUID id,
      String owner,
      String spec,
      int priority,
      int devices,
      long memory,
      String key,
      byte[] sha256,
      String labels);

  @NativeQuery("select * from job where owner = :owner and idempotency_key = :key")
  Optional<Job> findByKey(String owner, String key);

  /** The newest jobs first; {@code after} null for the first page. */
  default List<Job> list(JobFilter filter, JobFilter.Position after, int limit) {
    String labels = filter.labels().isEmpty() ? null : StoredJson.write(filter.labels());
    String createdAt = after == null ? null : after.createdAt().toString();
    String id = after == null ? null : after.id().toString();
    if (filter.states().isEmpty()) {
      return list(filter.owner(), labels, createdAt, id, limit);
    }
    String states = filter.states().stream().map(Enum::name).collect(Collectors.joining(","));
    return listStates(filter.owner(), states, labels, createdAt, id, limit);
  }

  @NativeQuery(
      """
      select * from job
      where (cast(:owner as text) is null or owner = cast(:owner as text))
        and (cast(:labels as text) is null or labels @> cast(:labels as jsonb))
        and (cast(:id as text) is null
             or (created_at, id) < (cast(:createdAt as timestamptz), cast(:id as uuid)))
      order by created_at desc, id desc
      limit :limit
      """)
  List<Job> list(String owner, String labels, String createdAt, String id, int limit);

  // The newest of each state by its index, and of those the newest: a state that few jobs have
  // would be looked for among all jobs otherwise.
  @NativeQuery(
      """
      select newest.* from unnest(string_to_array(:states, ',')) wanted (state)
      cross join lateral (
        select * from job
        where job.state = wanted.state
          and (cast(:owner as text) is null or owner = cast(:owner as text))
          and (cast(:labels as text) is null or labels @> cast(:labels as jsonb))
          and (cast(:id as text) is null
               or (created_at, id) < (cast(:createdAt as timestamptz), cast(:id as uuid)))
        order by created_at desc, id desc
        limit :limit) newest
      order by newest.created_at desc, newest.id desc
      limit :limit
      """)
  List<Job> listStates(
      String owner, String states, String labels, String createdAt, String id, int limit);

  /**
   * Asks for the end of a job: at once where it is queued, and of its worker where it is running.
   *
   * @return the job as it is now; empty when it has finished or is unknown
   */
  @Announced
  @NativeQuery(
      """
      update job
      set cancel_requested_at = coalesce(cancel_requested_at, now()),
          cancel_reason = coalesce(cancel_reason, :reason),
          state = case when state = 'QUEUED' then 'CANCELLED' else state end,
          finished_at = case when state = 'QUEUED' then now() end
      where id = :id and state in ('QUEUED', 'RUNNING')
      returning *
      """)
  Optional<Job> cancel(UUID id, String reason);

  /** Queues a failed or cancelled job again, with all its budgets new. */
  @Announced
  @NativeQuery(
      """
      update job
      set state = 'QUEUED', finished_at = null, run_after = now(), failures = '{}',
          lost_leases = 0, give_backs = 0, error = null, progress = null,
          cancel_requested_at = null, cancel_reason = null, expires_at = null
      where id = :id and state in ('FAILED', 'CANCELLED')
      returning *
      """)
  Optional<Job> retry(UUID id);

  /** Deletes a finished job and its events; its folder is swept later. */
  @NativeQuery(
      """
      delete from job where id = :id and state in ('SUCCEEDED', 'FAILED', 'CANCELLED') returning *
      """)
  Optional<Job> delete(UUID id);

  /**
   * Deletes finished jobs, oldest first, and their events; their folders are swept later.
   *
   * @return the ids of those deleted
   */
  default List<UUID> deleteFinished(JobFilter filter, int limit) {
    return deleteFinished(
        filter.owner(),
        filter.states().stream()
            .filter(JobState::isTerminal)
            .map(Enum::name)
            .collect(Collectors.joining(",")),
        StoredJson.write(filter.labels()),
        limit);
  }

  @NativeQuery(
      """
      with finished as materialized (
        select id from job
        where state = any (string_to_array(:states, ',')) and finished_at is not null
          and (cast(:owner as text) is null or owner = cast(:owner as text))
          and labels @> cast(:labels as jsonb)
        order by created_at, id
        limit :limit
        for update skip locked)
      delete from job using finished where job.id = finished.id returning job.id
      """)
  List<UUID> deleteFinished(String owner, String states, String labels, int limit);

  /** Seconds that the longest-waiting runnable job has been waiting; 0 without one. */
  @NativeQuery(
      """
      select cast(coalesce(max(extract(epoch from now() - greatest(created_at, run_after))), 0)
                  as double precision)
      from job where state = 'QUEUED' and run_after <= now()
      """)
  double oldestWaitSeconds();

  /** How many jobs are in each state; states without a job have zero. */
  default Map<JobState, Long> counts() {
    Map<String, Long> found =
        countRows().stream().collect(Collectors.toMap(StateCount::getState, StateCount::getJobs));
    return new TreeSet<>(List.of(JobState.values()))
        .stream()
            .collect(
                Collectors.toMap(state -> state, state -> found.getOrDefault(state.name(), 0L)));
  }

  @NativeQuery("select state, count(*) as jobs from job group by state")
  List<StateCount> countRows();

  /** How many jobs wait or run: quickly counted, however many have finished. */
  default Map<JobState, Long> activeCounts() {
    Map<JobState, Long> counts = new EnumMap<>(JobState.class);
    counts.put(JobState.QUEUED, countOf(JobState.QUEUED.name()));
    counts.put(JobState.RUNNING, countOf(JobState.RUNNING.name()));
    return counts;
  }

  @NativeQuery("select count(*) from job where state = :state")
  long countOf(String state);

  /** One line of {@link #counts}. */
  interface StateCount {
    String getState();

    Long getJobs();
  }

  /** The number of the newest event of each of these jobs; those that were deleted are missing. */
  @NativeQuery("select id, event_seq as seq from job where id in (:ids)")
  List<Newest> newestEvents(Collection<UUID> ids);

  /** One line of {@link #newestEvents}. */
  interface Newest {
    UUID getId();

    Long getSeq();
  }
}
