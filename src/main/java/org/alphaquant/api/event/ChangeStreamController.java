package org.alphaquant.api.event;

import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.alphaquant.api.job.JobView;
import org.alphaquant.events.ChangeSink;
import org.alphaquant.events.ChangeStreams;
import org.alphaquant.job.row.Job;
import org.alphaquant.security.Caller;
import org.alphaquant.security.KeyWatch;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;
import tools.jackson.databind.json.JsonMapper;

/** The changes of all jobs that the caller may see, as they happen. */
@RestController
class ChangeStreamController {
  private final ChangeStreams streams;
  private final KeyWatch watch;
  private final JsonMapper json;

  ChangeStreamController(ChangeStreams streams, KeyWatch watch, JsonMapper json) {
    this.watch = watch;
    this.streams = streams;
    this.json = json;
  }

  @GetMapping(
      path = "/v1/events",
      produces = {MediaType.TEXT_EVENT_STREAM_VALUE, MediaType.APPLICATION_PROBLEM_JSON_VALUE})
  SseEmitter follow(
      @RequestHeader(name = "Last-Event-ID", required = false) String lastEventId,
      HttpServletResponse response)
      throws IOException {
    Caller caller = Caller.current();
    SseStream stream = SseStream.open(response);
    Sink sink = new Sink(stream, json);
    if (lastEventId != null) {
      sink.reset();
    }
    return stream.until(streams.subscribe(job -> caller.sees(job.owner()), sink), watch);
  }

  private record Sink(SseStream stream, JsonMapper json) implements ChangeSink {

    @Override
    public void changed(Job job) throws IOException {
      send("job", json.writeValueAsString(JobView.of(job)));
    }

    @Override
    public void reset() throws IOException {
      send("reset", "{}");
    }

    @Override
    public void heartbeat() throws IOException {
      stream.heartbeat();
    }

    @Override
    public void complete() {
      stream.complete();
    }

    // There is no history to resume from: an id only says that the client has been here before.
    private void send(String type, String data) throws IOException {
      stream.send("seen", type, data);
    }
  }
}
