package org.alphaquant.job.queue;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.alphaquant.job.row.Job;
import org.springframework.data.jpa.repository.NativeQuery;
import org.springframework.data.repository.Repository;

/** The statements of {@link Leases}. */
interface LeaseRows extends Repository<Job, UUID> {

  // Serializes claims, so that two cannot both use the last place of a quota. A claim takes 1 ms.
  @NativeQuery("select cast(pg_advisory_xact_lock(2, 0) as text)")
  String lockClaims();

  // Materialized, because a nested loop could lock more rows than the limit. Compares the number of
  // devices first, which the index answers.
  @NativeQuery(
      """
      with sated as materialized (
        select owner from job where :running < 2147483647 and state = 'RUNNING'
        group by owner having count(*) >= :running),
      blocker as materialized (
        select priority, created_at, id from job
        where :free <> :total and state = 'QUEUED' and owner not in (select owner from sated)
          and run_after < now() - make_interval(secs => :reserveSeconds)
          and devices > (select count(*) from unnest(cast(string_to_array(:free, ',') as bigint[])) m
                         where m >= device_memory_bytes)
          and devices <= cardinality(string_to_array(:total, ','))
          and devices <= (select count(*) from unnest(cast(string_to_array(:total, ',') as bigint[])) m
                          where m >= device_memory_bytes)
        order by priority desc, created_at, id
        limit 1),
      next as materialized (
        select id from job
        where state = 'QUEUED' and run_after <= now() and owner not in (select owner from sated)
          and devices <= cardinality(string_to_array(:free, ','))
          and devices <= (select count(*) from unnest(cast(string_to_array(:free, ',') as bigint[])) m
                          where m >= device_memory_bytes)
          and not exists (
            select 1 from blocker
            where blocker.priority > job.priority
               or blocker.priority = job.priority
                  and (blocker.created_at, blocker.id) < (job.created_at, job.id))
        order by priority desc, created_at, id
        limit 1
        for update skip locked)
      update job
      set state = 'RUNNING', lease_epoch = lease_epoch + 1, lease_worker = :worker,
          lease_expires_at = now() + make_interval(secs => :ttlSeconds),
          started_at = coalesce(started_at, now()), progress = null, error = null
      from next
      where job.id = next.id
      returning job.*
      """)
  Optional<Job> claimNext(
      UUID worker,
      String free,
      String total,
      double ttlSeconds,
      double reserveSeconds,
      int running);

  /** Renews the lease; returns whether a cancel was requested, empty if the lease is lost. */
  @NativeQuery(Leases.RENEW)
  Optional<Boolean> renew(UUID id, long epoch, double ttlSeconds);

  @NativeQuery(
      """
      update job
      set state = 'SUCCEEDED', finished_at = now(), lease_worker = null, lease_expires_at = null,
          result = cast(:result as jsonb), artifact_directory = :directory
      where id = :id and lease_epoch = :epoch and state = 'RUNNING'
      returning *
      """)
  Optional<Job> succeed(UUID id, long epoch, String result, String directory);

  @NativeQuery(
      """
      with attempt as (
        select id, coalesce(cast(failures ->> :kind as integer), 0) as earlier
        from job where id = :id)
      update job
      set state = case when cancel_requested_at is not null then 'CANCELLED'
                       when earlier < :retries then 'QUEUED' else 'FAILED' end,
          finished_at = case when cancel_requested_at is not null or earlier >= :retries
                             then now() end,
          run_after = now() + make_interval(
              secs => random() * least(900, :backoffSeconds * power(2, least(earlier, 10)))),
          failures = failures || jsonb_build_object(cast(:kind as text), earlier + 1),
          error = cast(:error as jsonb), lease_worker = null, lease_expires_at = null
      from attempt
      where job.id = attempt.id and lease_epoch = :epoch and state = 'RUNNING'
      returning job.*
      """)
  Optional<Job> fail(
      UUID id, long epoch, String error, String kind, int retries, double backoffSeconds);

  /** Returns the job to the queue because the worker shuts down; does not count as a failure. */
  @NativeQuery(
      """
      update job
      set state = case when cancel_requested_at is null then 'QUEUED' else 'CANCELLED' end,
          finished_at = case when cancel_requested_at is null then null else now() end,
          give_backs = give_backs + 1, run_after = now(),
          lease_worker = null, lease_expires_at = null
      where id = :id and lease_epoch = :epoch and state = 'RUNNING'
      returning *
      """)
  Optional<Job> giveBack(UUID id, long epoch);

  /** Ends the job as cancelled. */
  @NativeQuery(
      """
      update job
      set state = 'CANCELLED', finished_at = now(), lease_worker = null, lease_expires_at = null
      where id = :id and lease_epoch = :epoch and state = 'RUNNING'
      returning *
      """)
  Optional<Job> cancelled(UUID id, long epoch);

  @NativeQuery(
      """
      with silent as materialized (
        select id from job
        where state = 'RUNNING' and lease_expires_at < now()
        order by lease_expires_at
        limit :limit
        for update skip locked)
      update job
      set state = case when cancel_requested_at is not null then 'CANCELLED'
                       when lost_leases + 1 >= :most then 'FAILED' else 'QUEUED' end,
          finished_at = case when cancel_requested_at is not null or lost_leases + 1 >= :most
                             then now() end,
          error = case when cancel_requested_at is null and lost_leases + 1 >= :most
                       then cast(:error as jsonb) end,
          run_after = now() + make_interval(
              secs => random() * least(900, :backoffSeconds * power(2, least(lost_leases, 10)))),
          lost_leases = lost_leases + 1, lease_worker = null, lease_expires_at = null
      from silent
      where job.id = silent.id
      returning job.*
      """)
  List<Job> reap(int most, String error, double backoffSeconds, int limit);
}
