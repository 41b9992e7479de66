package org.alphaquant.job.row;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.data.jpa.repository.NativeQuery;
import org.springframework.data.repository.Repository;

/**
 * Deletes expired jobs. Several processes may sweep at once; rows locked by one are skipped by the
 * others.
 */
public interface Retention extends Repository<Job, UUID> {

  /**
   * Deletes finished jobs past their retention time, with their events, longest overdue first.
   *
   * @param keepSeconds after its end, for a job that has no time of its own
   * @return how many
   */
  default int deleteExpired(double keepSeconds, int limit) {
    return deletedIds(keepSeconds, limit).size();
  }

  @NativeQuery(
      """
      with expired as materialized (
        select id from job
        where finished_at is not null
          and (expires_at < now()
               or expires_at is null
                  and finished_at < now() - make_interval(secs => :keepSeconds))
        order by finished_at
        limit :limit
        for update skip locked)
      delete from job using expired where job.id = expired.id returning cast(job.id as text)
      """)
  List<String> deletedIds(double keepSeconds, int limit);

  /** Those of these jobs that were deleted. A job that this database never had is not. */
  @NativeQuery("select job_id from job_tombstone where job_id in (:ids)")
  List<UUID> deleted(Collection<UUID> ids);

  /** The jobs among these whose folders hold files that are no longer needed. */
  @NativeQuery(
      """
      select id from job
      where id in (:ids)
        and (state in ('SUCCEEDED', 'CANCELLED')
             or state = 'FAILED' and finished_at < now() - make_interval(secs => :keepSeconds))
      """)
  List<UUID> withLeftovers(Collection<UUID> ids, double keepSeconds);

  /**
   * Locks one of those until the transaction's end, so that no retry starts in a folder that is
   * being removed; empty when it is queued again, or somebody else has it.
   */
  @NativeQuery(
      """
      select * from job
      where id = :id
        and (state in ('SUCCEEDED', 'CANCELLED')
             or state = 'FAILED' and finished_at < now() - make_interval(secs => :keepSeconds))
      for update skip locked
      """)
  Optional<Job> lockLeftovers(UUID id, double keepSeconds);

  /** Forgets deleted jobs whose folders every machine had a month to remove. */
  @NativeQuery(
      """
      delete from job_tombstone where deleted_at < now() - interval '30 days'
      returning cast(job_id as text)
      """)
  List<String> forgetTombstones();
}
