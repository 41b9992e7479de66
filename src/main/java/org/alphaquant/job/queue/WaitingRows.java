package org.alphaquant.job.queue;

import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import org.alphaquant.job.row.Job;
import org.springframework.data.jpa.repository.NativeQuery;
import org.springframework.data.repository.Repository;

/** The statements of {@link WaitingJobs}. */
interface WaitingRows extends Repository<Job, UUID> {

  /** The queue in the order of claims, from the claim's index alone. */
  @NativeQuery(
      """
      select id, priority, created_at as "createdAt" from job where state = 'QUEUED'
      order by priority desc, created_at, id
      """)
  List<Place> queue();

  /** Why each of these jobs waits, unless it is only for the jobs ahead of it. */
  @NativeQuery(
      """
      with line as materialized (
        select id, owner, priority, created_at, devices, device_memory_bytes, run_after
        from job where id in (:ids) and state = 'QUEUED')
      , present as materialized (
        select slots from worker where seen_at > now() - interval '30 seconds' and not draining)
      select id, priority, created_at as "createdAt",
        case
          when run_after > now()
            then 'retry-at-' || to_char(run_after at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
          when not exists (select 1 from present) then 'no-worker'
          when not exists (select 1 from present where jsonb_array_length(slots) >= devices)
            then 'no-worker-with-enough-devices'
          when not exists (
              select 1 from present
              where devices <= (select count(*) from jsonb_array_elements(slots) slot
                                where cast(slot ->> 'memory_bytes' as bigint) >= device_memory_bytes))
            then 'no-worker-with-enough-memory'
          when :running > 0 and :running <= (
              select count(*) from job other where other.owner = line.owner and other.state = 'RUNNING')
            then 'quota'
        end as reason
      from line
      """)
  List<Reason> reasons(Collection<UUID> ids, int running);

  /** The sort key of a job in the queue. */
  interface Place {
    UUID getId();

    int getPriority();

    Instant getCreatedAt();
  }

  /** A place and the reason for waiting; null if the job only waits for the jobs ahead of it. */
  interface Reason extends Place {
    String getReason();
  }
}
