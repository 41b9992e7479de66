package org.alphaquant.job.queue;

import java.util.List;
import java.util.UUID;
import org.alphaquant.job.row.StoredJson;
import org.springframework.data.jpa.repository.NativeQuery;
import org.springframework.data.repository.Repository;

/** The registered workers. A worker without a heartbeat for 30 s is regarded as gone. */
public interface Workers extends Repository<RegisteredWorker, UUID> {

  /** Records a heartbeat; the first one registers the worker. */
  default void beat(UUID id, String host, List<RegisteredWorker.Slot> slots, boolean draining) {
    beat(id, host, StoredJson.write(slots), draining);
  }

  @NativeQuery(
      """
      insert into worker (id, host, slots, draining)
      values (:id, :host, cast(:slots as jsonb), :draining)
      on conflict (id) do update set seen_at = now(), draining = excluded.draining
      returning cast(id as text)
      """)
  String beat(UUID id, String host, String slots, boolean draining);

  /** Deletes this worker and all without a heartbeat for a day. */
  @NativeQuery(
      """
      delete from worker where id = :id or seen_at < now() - interval '1 day'
      returning cast(id as text)
      """)
  List<String> remove(UUID id);

  /** The live workers, sorted by host. */
  @NativeQuery(
      """
      select * from worker where seen_at > now() - interval '30 seconds' order by host, started_at, id
      """)
  List<RegisteredWorker> present();

  /** The running jobs and their workers. */
  @NativeQuery(
      """
      select lease_worker as "worker", id as "job", owner as "owner", devices as "devices"
      from job where state = 'RUNNING' order by started_at, id
      """)
  List<RunningJob> running();

  /** A job that a worker is running. */
  interface RunningJob {
    UUID getWorker();

    UUID getJob();

    String getOwner();

    int getDevices();
  }
}
