package org.alphaquant.api.edge;

import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;

/**
 * A request body that is still arriving, read without blocking a thread (Servlet 6.1, section 3.7,
 * "Non Blocking IO").
 */
final class ArrivingBody implements ReadListener {
  private static final int BUFFER = 1 << 14;
  private static final double NANOS_PER_SECOND = 1e9;

  /** Called once when reading has ended. */
  interface End {
    void whole(byte[] body);

    void tooLong();

    void tooSlow();

    void gone();
  }

  private final ServletInputStream in;
  private final long limit;
  private final End end;
  private final long start = System.nanoTime();
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private long received;
  private boolean ended;

  /**
   * @param limit maximum length; up to twice as much is read, so that the client gets the error
   *     response
   */
  ArrivingBody(ServletInputStream in, long limit, End end) {
    this.in = in;
    this.limit = limit;
    this.end = end;
  }

  @Override
  public synchronized void onDataAvailable() throws IOException {
    byte[] buffer = new byte[BUFFER];
    while (!ended && in.isReady()) {
      int read = in.read(buffer);
      if (read < 0) {
        return;
      }
      received += read;
      if (received <= limit) {
        bytes.write(buffer, 0, read);
      } else if (received > 2 * limit) {
        ended = true;
        end.tooLong();
      }
    }
  }

  @Override
  public synchronized void onAllDataRead() {
    if (ended) {
      return;
    }
    ended = true;
    if (received > limit) {
      end.tooLong();
    } else {
      end.whole(bytes.toByteArray());
    }
  }

  @Override
  public synchronized void onError(Throwable broken) {
    if (!ended) {
      ended = true;
      end.gone();
    }
  }

  /** Gives up a body that is still below the minimum rate after the initial patience. */
  synchronized void check(long patienceNanos, long bytesPerSecond) {
    long elapsed = System.nanoTime() - start;
    if (!ended
        && elapsed > patienceNanos
        && received < elapsed / NANOS_PER_SECOND * bytesPerSecond) {
      ended = true;
      end.tooSlow();
    }
  }
}
