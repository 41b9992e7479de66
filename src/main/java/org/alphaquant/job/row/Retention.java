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
   * @param keepSeconds retention of jobs without their own
   * @return the number of deleted jobs
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

  /** The jobs among these that were deleted, without jobs that this database never had. */
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
   * Locks such a job until the end of the transaction, so that no retry starts while its folder is
   * deleted; empty if it was queued again or another process has locked it.
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

  /** Deletes the tombstones of jobs that were deleted a month ago. */
  @NativeQuery(
      """
      delete from job_tombstone where deleted_at < now() - interval '30 days'
      returning cast(job_id as text)
      """)
  List<String> forgetTombstones();
}
