package org.alphaquant.api.event;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.util.UUID;
import org.alphaquant.api.job.JobAccess;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.JobEvents;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** The events of a job, by page. */
@RestController
class EventController {

  private final JobAccess access;
  private final JobEvents events;

  EventController(JobAccess access, JobEvents events) {
    this.access = access;
    this.events = events;
  }

  @GetMapping(path = "/v1/jobs/{id}/events", produces = MediaType.APPLICATION_JSON_VALUE)
  EventPage list(
      @PathVariable UUID id,
      @RequestParam(defaultValue = "0") @Min(value = 0, message = "must not be negative")
          long after,
      @RequestParam(defaultValue = "100")
          @Min(value = 1, message = "must be from 1 to 1000")
          @Max(value = 1000, message = "must be from 1 to 1000")
          int limit) {
    Job job = access.find(id);
    return EventPage.of(events.after(job.id(), after, limit + 1), after, limit);
  }
}
