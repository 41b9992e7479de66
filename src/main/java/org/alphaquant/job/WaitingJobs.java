package org.alphaquant.job;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.springframework.data.jpa.repository.NativeQuery;
import org.springframework.data.repository.Repository;

/** What the queue looks like from the place of one who waits in it. */
public interface WaitingJobs extends Repository<Job, UUID> {

  /** Those of these jobs that are queued, and why they are. */
  default Map<UUID, Waiting> of(Collection<Job> jobs, QuotaSettings quotas) {
    List<UUID> queued =
        jobs.stream().filter(job -> job.state() == JobState.QUEUED).map(Job::id).toList();
    List<Row> rows =
        switch (queued.size()) {
          case 0 -> List.of();
          case 1 -> row(queued.get(0), quotas.running());
          default -> rows(queued, quotas.running());
        };
    return rows.stream()
        .collect(
            Collectors.toMap(Row::getId, row -> new Waiting(row.getPosition(), row.getReason())));
  }

  // Why a job of "line" waits.
  String REASON =
      """
      , present as materialized (
        select slots from worker where seen_at > now() - interval '30 seconds' and not draining)
      select id, position,
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
          when position > 1 then 'behind-' || (position - 1) || '-jobs'
          else 'next'
        end as reason
      from line
      """;

  // Counting those ahead of one costs a third of numbering all, and two counts, each a range of the
  // index, cost less than one with an "or".
  @NativeQuery(
      """
      with line as materialized (
        select id, owner, devices, device_memory_bytes, run_after,
               1 + (select count(*) from job ahead
                    where ahead.state = 'QUEUED' and ahead.priority > job.priority)
                 + (select count(*) from job ahead
                    where ahead.state = 'QUEUED' and ahead.priority = job.priority
                      and (ahead.created_at, ahead.id) < (job.created_at, job.id)) as position
        from job where id = :id and state = 'QUEUED')
      """
          + REASON)
  List<Row> row(UUID id, int running);

  @NativeQuery(
      """
      with line as materialized (
        select id, owner, devices, device_memory_bytes, run_after,
               row_number() over (order by priority desc, created_at, id) as position
        from job where state = 'QUEUED')
      """
          + REASON
          + "where id in (:ids)")
  List<Row> rows(Collection<UUID> ids, int running);

  /** One line of {@link #of}. */
  interface Row {
    UUID getId();

    Long getPosition();

    String getReason();
  }
}
