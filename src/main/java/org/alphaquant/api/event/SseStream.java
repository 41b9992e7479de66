package org.alphaquant.api.event;

import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.alphaquant.events.EventStreams;
import org.alphaquant.security.KeyWatch;
import org.springframework.http.HttpHeaders;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/** Server-sent events to one client. */
final class SseStream {

  private static final long NO_TIMEOUT = 0;
  private static final long RECONNECT_MILLIS = 3000;

  private final SseEmitter emitter = new SseEmitter(NO_TIMEOUT);

  private SseStream() {}

  /** Answers with a stream, and with the delay after which a browser reconnects. */
  static SseStream open(HttpServletResponse response) throws IOException {
    response.setHeader(HttpHeaders.CACHE_CONTROL, "no-store");
    // Proxies such as nginx would hold the events back until a buffer is full.
    response.setHeader("X-Accel-Buffering", "no");
    SseStream stream = new SseStream();
    stream.send(SseEmitter.event().reconnectTime(RECONNECT_MILLIS));
    return stream;
  }

  /** Ends with the client, and with the key that opened it. */
  SseEmitter until(EventStreams.Subscription subscription, KeyWatch watch) {
    Runnable unwatch = watch.watch(subscription::cut);
    emitter.onCompletion(
        () -> {
          unwatch.run();
          subscription.close();
        });
    emitter.onError(error -> subscription.close());
    return emitter;
  }

  /**
   * @param data one line of JSON
   */
  void send(String id, String type, String data) throws IOException {
    send(SseEmitter.event().id(id).name(type).data(data));
  }

  void heartbeat() throws IOException {
    send(SseEmitter.event().comment("hb"));
  }

  void complete() {
    emitter.complete();
  }

  private void send(SseEmitter.SseEventBuilder event) throws IOException {
    try {
      emitter.send(event);
    } catch (IllegalStateException completed) {
      throw new IOException(completed);
    }
  }
}
