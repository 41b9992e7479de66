package org.alphaquant.job.row;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.data.jpa.repository.NativeQuery;
import org.springframework.data.repository.Repository;

/** The statements of {@link JobEvents}. */
interface JobEventRows extends Repository<JobEvent, JobEvent.Key> {

  /** The events after a sequence number, oldest first. */
  @NativeQuery(
      """
      select * from job_event where job_id = :jobId and seq > :after order by seq limit :limit
      """)
  List<JobEvent> after(UUID jobId, long after, int limit);

  /** The newest events of one type, newest first. */
  @NativeQuery(
      """
      select * from job_event where job_id = :jobId and type = :type order by seq desc limit :limit
      """)
  List<JobEvent> newest(UUID jobId, String type, int limit);

  // The update locks the job's row until the event is committed: commit order is sequence order.
  @NativeQuery(
      """
      with held as (
        update job
        set event_seq = event_seq + 1, progress = coalesce(cast(:progress as jsonb), progress)
        where id = :id and lease_epoch = :epoch and state = 'RUNNING'
        returning id, event_seq, lease_epoch)
      insert into job_event (job_id, seq, attempt, type, level, data)
      select id, event_seq, lease_epoch, :type, :level, cast(:data as jsonb) from held
      returning *
      """)
  Optional<JobEvent> append(
      UUID id, long epoch, String type, String level, String data, String progress);
}
