package org.alphaquant.api.event;

import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.alphaquant.api.job.JobView;
import org.alphaquant.events.ChangeSink;
import org.alphaquant.events.ChangeStreams;
import org.alphaquant.events.EventStreams;
import org.alphaquant.job.row.Job;
import org.alphaquant.security.Caller;
import org.alphaquant.security.KeyWatch;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;
import tools.jackson.databind.json.JsonMapper;

/** The changes of all jobs that the caller may see, as they happen. */
@RestController
class ChangeStreamController {
  private static final long NO_TIMEOUT = 0;
  private static final long RECONNECT_MILLIS = 3000;

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
    response.setHeader(HttpHeaders.CACHE_CONTROL, "no-store");
    // Proxies such as nginx would hold the events back until a buffer is full.
    response.setHeader("X-Accel-Buffering", "no");
    SseEmitter emitter = new SseEmitter(NO_TIMEOUT);
    emitter.send(SseEmitter.event().reconnectTime(RECONNECT_MILLIS));
    Sink sink = new Sink(emitter, json);
    if (lastEventId != null) {
      sink.reset();
    }
    EventStreams.Subscription subscription =
        streams.subscribe(job -> caller.sees(job.owner()), sink);
    Runnable unwatch = watch.watch(subscription::cut);
    emitter.onCompletion(
        () -> {
          unwatch.run();
          subscription.close();
        });
    emitter.onError(error -> subscription.close());
    return emitter;
  }

  private record Sink(SseEmitter emitter, JsonMapper json) implements ChangeSink {

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
      send(SseEmitter.event().comment("hb"));
    }

    @Override
    public void complete() {
      emitter.complete();
    }

    // There is no history to resume from: an id only says that the client has been here before.
    private void send(String type, String data) throws IOException {
      send(SseEmitter.event().id("seen").name(type).data(data));
    }

    private void send(SseEmitter.SseEventBuilder event) throws IOException {
      try {
        emitter.send(event);
      } catch (IllegalStateException completed) {
        throw new IOException(completed);
      }
    }
  }
}
