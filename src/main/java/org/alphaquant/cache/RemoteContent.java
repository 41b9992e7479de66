package org.alphaquant.cache;

import java.io.IOException;
import java.io.InputStream;

/** The content of a remote file, readable from any offset. */
public interface RemoteContent {

  /**
   * Asks for a part.
   *
   * @param from offset of its first byte
   * @param last offset of its last byte; -1 for the end of the file
   * @throws TransferInterruption if asking again may help
   * @throws FetchException if it does not
   * @throws IOException if the connection fails
   */
  Part open(long from, long last, Patience patience) throws IOException, TransferInterruption;

  /** The sender's name, for messages. */
  String host();

  /**
   * What came.
   *
   * @param from offset of its first byte: 0 where the sender gives no parts
   * @param release lets the connection go; what was not read is not waited for
   */
  record Part(InputStream bytes, long from, Runnable release) implements AutoCloseable {
    @Override
    public void close() {
      release.run();
    }
  }
}
