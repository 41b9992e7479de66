package org.alphaquant.api.event;

import java.io.IOException;
import org.alphaquant.api.job.JobView;
import org.alphaquant.events.EventSink;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.JobEvent;
import tools.jackson.databind.json.JsonMapper;

/** Writes a job's events as server-sent events; the data is one line of JSON. */
record SseSink(SseStream stream, JsonMapper json) implements EventSink {

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
    stream.heartbeat();
  }

  @Override
  public void complete() {
    stream.complete();
  }

  private void send(long seq, String type, Object data) throws IOException {
    stream.send(Long.toString(seq), type, json.writeValueAsString(data));
  }
}
