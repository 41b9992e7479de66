package org.alphaquant.runner.child;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.LockSupport;
import org.alphaquant.runner.wire.Message;
import org.alphaquant.runner.wire.MessageChannel;

/** Connects as a runner does, and then does not behave as one. */
public final class LyingRunnerMain {
  /** System property that says how. */
  public static final String LIE = "alphaquant.test.lie";

  private LyingRunnerMain() {}

  /** Takes a runner's arguments. */
  public static void main(String[] arguments) throws IOException {
    SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX);
    String lie = System.getProperty(LIE);
    if (lie.equals("never-connects")) {
      sleep();
    }
    socket.connect(UnixDomainSocketAddress.of(arguments[1]));
    MessageChannel channel = new MessageChannel(socket);
    switch (lie) {
      case "says-nothing" -> {}
      case "other-version" -> channel.send(new Message.Hello(99, arguments[2]));
      case "other-token" -> channel.send(new Message.Hello(Message.VERSION, "guessed"));
      case "other-first" -> channel.send(new Message.Alive("working", 1));
      case "garbage" -> {
        channel.send(new Message.Hello(Message.VERSION, arguments[2]));
        write(socket, "GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.UTF_8));
      }
      case "half-a-message" -> {
        channel.send(new Message.Hello(Message.VERSION, arguments[2]));
        write(socket, new byte[] {0, 0, 1, 0, '{'});
      }
      case "hangs-up" -> {
        channel.send(new Message.Hello(Message.VERSION, arguments[2]));
        socket.close();
      }
      case "answers-unasked" -> {
        channel.send(new Message.Hello(Message.VERSION, arguments[2]));
        channel.send(new Message.Tried(null));
      }
      case "stops-unasked" -> {
        channel.send(new Message.Hello(Message.VERSION, arguments[2]));
        channel.send(new Message.Stopped());
      }
      default -> throw new IllegalArgumentException(lie);
    }
    sleep();
  }

  private static void write(SocketChannel socket, byte[] bytes) throws IOException {
    socket.write(ByteBuffer.wrap(bytes));
  }

  private static void sleep() {
    while (true) {
      LockSupport.parkNanos(1_000_000_000);
    }
  }
}
