package org.alphaquant.runner.wire;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Sends and receives messages over a connected socket: a length of four bytes, big-endian, followed
 * by that many bytes of UTF-8 JSON. Any thread may send; one thread receives.
 */
public final class MessageChannel implements AutoCloseable {

  /** Maximum length of a message in bytes; a job with all its texts is much shorter. */
  public static final int MAX_BYTES = 64 << 20;

  /** The JSON mapper of both sides. */
  public static final JsonMapper JSON = JsonMapper.builder().build();

  private final SocketChannel socket;

  public MessageChannel(SocketChannel socket) {
    this.socket = socket;
  }

  /** Sends a message; blocks while the other side does not read. */
  public void send(Message message) throws IOException {
    byte[] json = JSON.writeValueAsBytes(message);
    if (json.length > MAX_BYTES) {
      throw new ProtocolException(
          "a message of %d bytes is over the limit of %d".formatted(json.length, MAX_BYTES));
    }
    ByteBuffer frame = ByteBuffer.allocate(Integer.BYTES + json.length);
    frame.putInt(json.length).put(json).flip();
    synchronized (this) {
      while (frame.hasRemaining()) {
        socket.write(frame);
      }
    }
  }

  /**
   * Waits for the next message.
   *
   * @throws EOFException if the other side has closed the connection
   * @throws ProtocolException if the bytes are not a message
   */
  public Message receive() throws IOException {
    int length = read(Integer.BYTES).getInt();
    if (length < 1 || length > MAX_BYTES) {
      throw new ProtocolException(
          "a message announces %d bytes; it must be from 1 to %d".formatted(length, MAX_BYTES));
    }
    byte[] json = read(length).array();
    try {
      Message message = JSON.readValue(json, Message.class);
      if (message == null) {
        throw new ProtocolException("a message is null");
      }
      return message;
    } catch (JacksonException malformed) {
      throw new ProtocolException(
          "a message cannot be read: " + malformed.getOriginalMessage(), malformed);
    }
  }

  // Grows as bytes arrive, so that a large announced length does not allocate memory.
  private ByteBuffer read(int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(Math.min(length, 1 << 16));
    while (true) {
      while (bytes.hasRemaining()) {
        if (socket.read(bytes) < 0) {
          throw new EOFException("the connection is closed");
        }
      }
      if (bytes.capacity() == length) {
        return bytes.flip();
      }
      ByteBuffer larger = ByteBuffer.allocate((int) Math.min(length, 2L * bytes.capacity()));
      bytes = larger.put(bytes.flip());
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
