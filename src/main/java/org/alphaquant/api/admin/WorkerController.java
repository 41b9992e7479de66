package org.alphaquant.api.admin;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.alphaquant.job.queue.RegisteredWorker;
import org.alphaquant.job.queue.Workers;
import org.alphaquant.job.queue.Workers.RunningJob;
import org.alphaquant.security.Caller;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Lists workers. */
@RestController
class WorkerController {

  private final Workers workers;

  WorkerController(Workers workers) {
    this.workers = workers;
  }

  @GetMapping(path = "/v1/workers", produces = MediaType.APPLICATION_JSON_VALUE)
  WorkerList list() {
    Map<UUID, List<RunningJob>> running =
        workers.running().stream().collect(Collectors.groupingBy(RunningJob::getWorker));
    return new WorkerList(
        workers.present().stream()
            .map(it -> WorkerView.of(it, running.getOrDefault(it.id(), List.of())))
            .toList());
  }

  /** All workers that gave a sign of life in the last 30 seconds. */
  record WorkerList(List<WorkerView> data) {}

  /**
   * A worker.
   *
   * @param busySlots occupied slots, of all owners
   * @param jobs those of them that the caller sees
   * @param draining whether it finishes its jobs and claims no more
   */
  record WorkerView(
      UUID id,
      String host,
      List<SlotView> slots,
      @JsonProperty("busy_slots") int busySlots,
      List<UUID> jobs,
      boolean draining,
      @JsonProperty("started_at") Instant startedAt,
      @JsonProperty("seen_at") Instant seenAt) {

    static WorkerView of(RegisteredWorker worker, List<RunningJob> running) {
      Caller caller = Caller.current();
      return new WorkerView(
          worker.id(),
          worker.host(),
          worker.slots().stream()
              .map(slot -> new SlotView(slot.device(), slot.memoryBytes()))
              .toList(),
          running.stream().mapToInt(RunningJob::getDevices).sum(),
          running.stream()
              .filter(job -> caller.sees(job.getOwner()))
              .map(RunningJob::getJob)
              .toList(),
          worker.draining(),
          worker.startedAt(),
          worker.seenAt());
    }
  }

  /** One place for a job, or for a part of one. */
  record SlotView(String device, @JsonProperty("memory_bytes") long memoryBytes) {}
}
