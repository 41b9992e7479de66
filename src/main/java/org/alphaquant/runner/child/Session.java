package org.alphaquant.runner.child;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.alphaquant.runner.wire.Message;
import org.alphaquant.runner.wire.Message.Stop;
import org.alphaquant.runner.wire.MessageChannel;

/** The connection to the service: receives requests and stops, and sends signs of life. */
final class Session {
  private static final long BEAT_NANOS = 500_000_000;

  private final MessageChannel channel;
  private final Runnable serviceGone;
  private final Unit unit = new Unit();
  private final BlockingQueue<Message> requests = new LinkedBlockingQueue<>();
  private final AtomicReference<Stop.When> stop = new AtomicReference<>();

  /**
   * @param serviceGone called once the service has closed the connection; does not return
   */
  Session(MessageChannel channel, Runnable serviceGone) {
    this.channel = channel;
    this.serviceGone = serviceGone;
  }

  void start(String token) throws IOException {
    channel.send(new Message.Hello(Message.VERSION, token));
    daemon("service-reader", this::hear).start();
    daemon("heartbeat", this::beat).start();
  }

  private static Thread daemon(String name, Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    return thread;
  }

  private void hear() {
    try {
      while (true) {
        Message message = channel.receive();
        if (message instanceof Stop asked) {
          stop.set(asked.when());
        } else {
          // An earlier stop was meant for the previous request.
          stop.set(null);
          requests.add(message);
        }
      }
    } catch (IOException | RuntimeException gone) {
      serviceGone.run();
    }
  }

  private void beat() {
    while (true) {
      send(unit.alive());
      LockSupport.parkNanos(BEAT_NANOS);
    }
  }

  /** Waits for the next request. */
  Message next() throws InterruptedException {
    return requests.take();
  }

  /** Sends a message; a service that is gone ends this process. */
  void send(Message message) {
    try {
      channel.send(message);
    } catch (IOException gone) {
      serviceGone.run();
      throw new UncheckedIOException(gone);
    }
  }

  /** Reports the unit at once, because a crash of this process will be in this unit. */
  void begin(String name) {
    unit.begin(name);
    send(unit.alive());
  }

  /** Progress begins a unit of the same name. */
  void begin(Message.Progress progress, String name) {
    unit.begin(name);
    send(progress);
  }

  void ensureMayGoOn() {
    unit.again();
    if (stop.get() == Stop.When.NEXT_UNIT) {
      throw new StopRequestedException();
    }
  }

  void ensureMayBeginLayer() {
    unit.again();
    if (stop.get() != null) {
      throw new StopRequestedException();
    }
  }
}
