package org.alphaquant.job.row;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.data.jpa.repository.NativeQuery;
import org.springframework.data.repository.Repository;

/**
 * The statements of {@link Jobs}. A statement that finds the row in an unexpected state changes
 * nothing and returns empty.
 */
interface JobRows extends Repository<Job, UUID> {

  @NativeQuery("select * from job where id = :id")
  Optional<Job> find(UUID id);

  /** The jobs with these ids that still exist, in any order. */
  @NativeQuery("select * from job where id in (:ids)")
  List<Job> findAll(Collection<UUID> ids);

  // Serializes creates of one owner, so that two cannot both take the last place of the quota.
  @NativeQuery("select cast(pg_advisory_xact_lock(1, hashtext(:owner)) as text)")
  String lockQueueOf(String owner);

  @NativeQuery("select count(*) from job where owner = :owner and state = 'QUEUED'")
  long queuedBy(String owner);

  // A second request with the same key waits on the unique index until the first has committed.
  @NativeQuery(
      """
      insert into job (id, owner, spec, priority, devices, device_memory_bytes,
                       idempotency_key, request_sha256, labels, licence, trace_parent)
      values (:id, :owner, cast(:spec as jsonb), :priority, :devices, :memory,
              :key, :sha256, cast(:labels as jsonb), :licence, :traceParent)
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
      String labels,
      String licence,
      String traceParent);

  @NativeQuery("select * from job where owner = :owner and idempotency_key = :key")
  Optional<Job> findByKey(String owner, String key);

  @NativeQuery(
      """
      select * from job
      where (cast(:owner as text) is null or owner = cast(:owner as text))
        and (cast(:kind as text) is null or spec #>> '{spec,kind}' = cast(:kind as text))
        and (cast(:labels as text) is null or labels @> cast(:labels as jsonb))
        and (cast(:id as text) is null
             or (created_at, id) < (cast(:createdAt as timestamptz), cast(:id as uuid)))
      order by created_at desc, id desc
      limit :limit
      """)
  List<Job> list(String owner, String kind, String labels, String createdAt, String id, int limit);

  // Reads each state by its index and merges; a rare state would need a scan of all jobs otherwise.
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
   * Cancels a queued job at once; asks the worker of a running job to cancel it.
   *
   * @return the job as it is now; empty when it has finished or is unknown
   */
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

  /** Queues a failed or cancelled job again with all its retries. */
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

  /** Deletes a finished job and its events; a sweep deletes its folder later. */
  @NativeQuery(
      """
      delete from job where id = :id and state in ('SUCCEEDED', 'FAILED', 'CANCELLED') returning *
      """)
  Optional<Job> delete(UUID id);

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

  @NativeQuery("select state, count(*) as jobs from job group by state")
  List<Jobs.StateCount> countRows();

  @NativeQuery("select count(*) from job where state = :state")
  long countOf(String state);

  /** The sequence number of the newest event of each job that still exists. */
  @NativeQuery("select id, event_seq as seq from job where id in (:ids)")
  List<Jobs.Newest> newestEvents(Collection<UUID> ids);
}
