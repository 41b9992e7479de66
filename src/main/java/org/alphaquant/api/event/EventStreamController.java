package org.alphaquant.api.event;

import jakarta.servlet.http.HttpServletResponse;
import jakarta.validation.constraints.Min;
import java.io.IOException;
import java.util.UUID;
import org.alphaquant.api.job.JobAccess;
import org.alphaquant.events.EventStreams;
import org.alphaquant.job.row.Job;
import org.alphaquant.security.KeyWatch;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;
import tools.jackson.databind.json.JsonMapper;

/** The events of a job, as they happen. */
@RestController
class EventStreamController {

  private final JobAccess access;
  private final EventStreams streams;
  private final KeyWatch watch;
  private final JsonMapper json;

  EventStreamController(JobAccess access, EventStreams streams, KeyWatch watch, JsonMapper json) {
    this.watch = watch;
    this.access = access;
    this.streams = streams;
    this.json = json;
  }

  /** The path that has nothing else; some generated clients accept only the type of its errors. */
  @GetMapping(
      path = "/v1/jobs/{id}/events/stream",
      produces = {MediaType.TEXT_EVENT_STREAM_VALUE, MediaType.APPLICATION_PROBLEM_JSON_VALUE})
  SseEmitter stream(
      @PathVariable UUID id,
      @RequestParam(defaultValue = "0") @Min(value = 0, message = "must not be negative")
          long after,
      @RequestHeader(name = "Last-Event-ID", required = false)
          @Min(value = 0, message = "must not be negative")
          Long lastEventId,
      HttpServletResponse response)
      throws IOException {
    return follow(id, after, lastEventId, response);
  }

  @GetMapping(path = "/v1/jobs/{id}/events", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
  SseEmitter follow(
      @PathVariable UUID id,
      @RequestParam(defaultValue = "0") @Min(value = 0, message = "must not be negative")
          long after,
      @RequestHeader(name = "Last-Event-ID", required = false)
          @Min(value = 0, message = "must not be negative")
          Long lastEventId,
      HttpServletResponse response)
      throws IOException {
    Job job = access.find(id);
    SseStream stream = SseStream.open(response);
    long seen = lastEventId == null ? after : lastEventId;
    return stream.until(streams.subscribe(job, seen, new SseSink(stream, json)), watch);
  }
}
