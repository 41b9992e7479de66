package org.alphaquant.cache;

import java.io.IOException;
import java.io.InputStream;

/** The content of a remote file, readable from any offset. */
public interface RemoteContent {

  /**
   * Requests a range of the file.
   *
   * @param from offset of its first byte
   * @param last offset of its last byte; -1 for the end of the file
   * @throws TransferInterruption if a retry may succeed
   * @throws FetchException if it cannot
   * @throws IOException if the connection fails
   */
  Part open(long from, long last, Patience patience) throws IOException, TransferInterruption;

  /** The sender's name, for messages. */
  String host();

  /**
   * The response's bytes.
   *
   * @param from offset of its first byte: 0 where the server ignores ranges
   * @param release releases the connection without waiting for unread bytes
   */
  record Part(InputStream bytes, long from, Runnable release) implements AutoCloseable {
    @Override
    public void close() {
      release.run();
    }
  }
}
