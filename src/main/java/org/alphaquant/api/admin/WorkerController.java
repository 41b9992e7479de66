package org.alphaquant.api.admin;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.alphaquant.job.queue.RegisteredWorker;
import org.alphaquant.job.queue.Workers;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Who runs jobs now. */
@RestController
class WorkerController {

  private final Workers workers;

  WorkerController(Workers workers) {
    this.workers = workers;
  }

  @GetMapping(path = "/v1/workers", produces = MediaType.APPLICATION_JSON_VALUE)
  WorkerList list() {
    return new WorkerList(workers.present().stream().map(WorkerView::of).toList());
  }

  /** All workers that gave a sign of life in the last 30 seconds. */
  record WorkerList(List<WorkerView> data) {}

  /**
   * A worker.
   *
   * @param draining whether it finishes what it has and takes nothing more
   */
  record WorkerView(
      UUID id,
      String host,
      List<SlotView> slots,
      boolean draining,
      @JsonProperty("started_at") Instant startedAt,
      @JsonProperty("seen_at") Instant seenAt) {

    static WorkerView of(RegisteredWorker worker) {
      return new WorkerView(
          worker.id(),
          worker.host(),
          worker.slots().stream()
              .map(slot -> new SlotView(slot.device(), slot.memoryBytes()))
              .toList(),
          worker.draining(),
          worker.startedAt(),
          worker.seenAt());
    }
  }

  /** One place for a job, or for a part of one. */
  record SlotView(String device, @JsonProperty("memory_bytes") long memoryBytes) {}
}
