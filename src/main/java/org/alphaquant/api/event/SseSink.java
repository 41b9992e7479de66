package org.alphaquant.api.event;

import java.io.IOException;
import org.alphaquant.api.job.JobView;
import org.alphaquant.events.EventSink;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.JobEvent;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;
import tools.jackson.databind.json.JsonMapper;

/** Writes a job's events as server-sent events; the data is one line of JSON. */
final class SseSink implements EventSink {

  private static final long RECONNECT_MILLIS = 3000;

  private final SseEmitter emitter;
  private final JsonMapper json;

  SseSink(SseEmitter emitter, JsonMapper json) {
    this.emitter = emitter;
    this.json = json;
  }

  /** Sends the delay after which a browser reconnects. */
  void open() throws IOException {
    send(SseEmitter.event().reconnectTime(RECONNECT_MILLIS));
  }

  @Override
  public void event(JobEvent event) throws IOException {
    send(event.seq(), event.type(), EventView.of(event));
  }

  @Override
  public void reset(Job now) throws IOException {
    send(now.eventSeq(), "reset", JobView.of(now));
  }

  @Override
  public void heartbeat() throws IOException {
    send(SseEmitter.event().comment("hb"));
  }

  @Override
  public void complete() {
    emitter.complete();
  }

  private void send(long seq, String type, Object data) throws IOException {
    send(SseEmitter.event().id(Long.toString(seq)).name(type).data(json.writeValueAsString(data)));
  }

  private void send(SseEmitter.SseEventBuilder event) throws IOException {
    try {
      emitter.send(event);
    } catch (IllegalStateException completed) {
      throw new IOException(completed);
    }
  }
}
