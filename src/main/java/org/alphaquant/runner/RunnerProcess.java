package org.alphaquant.runner;

import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.alphaquant.runner.wire.Message;
import org.alphaquant.runner.wire.MessageChannel;
import org.alphaquant.runner.wire.ProtocolException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.util.FileSystemUtils;

/** One runner: its process and the connection to it. Used by one thread at a time. */
final class RunnerProcess implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RunnerProcess.class);
  private static final int QUEUE = 256;
  private static final long EXIT_SECONDS = 5;
  private static final Duration SEND = Duration.ofSeconds(30);

  private final Process process;
  private final Path folder;
  private final RunnerOutput output;
  private final Optional<MemoryGroup> group;
  private final Thread reader;
  private final String token = UUID.randomUUID().toString();
  private final BlockingQueue<Received> received = new ArrayBlockingQueue<>(QUEUE);
  private volatile MessageChannel channel;
  private volatile long memoryLimit = Long.MAX_VALUE;
  private volatile long overMemory;
  private volatile boolean closed;
  private volatile Message first;
  private volatile IOException end;
  private volatile boolean ready;
  private final CompletableFuture<Void> rest = new CompletableFuture<>();

  /** A message, or the end of the connection. */
  private record Received(Message message, IOException end) {}

  /**
   * Starts a runner; {@link #awaitReady} waits until it can be asked for something.
   *
   * @throws IOException if the process cannot be started
   */
  RunnerProcess(RunnerCommand command, long heapBytes, Optional<Path> cgroup) throws IOException {
    folder = Files.createTempDirectory("aq-runner-");
    try {
      Path address = folder.resolve("socket");
      ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      server.bind(UnixDomainSocketAddress.of(address), 1);
      process = command.process(folder, heapBytes, address, token).start();
      process.getOutputStream().close();
      ProcessMemory.endFirst(process.pid());
      group = MemoryGroup.of(cgroup, process.pid());
      output = new RunnerOutput(process);
      process.onExit().thenRun(() -> close(server));
      reader = new Thread(() -> read(server), "runner-" + process.pid());
      reader.setDaemon(true);
      reader.start();
    } catch (IOException | RuntimeException e) {
      FileSystemUtils.deleteRecursively(folder);
      throw e;
    }
  }

  long pid() {
    return process.pid();
  }

  /** Whether the runner has connected. */
  boolean isReady() {
    return ready;
  }

  boolean isAlive() {
    return process.isAlive();
  }

  RunnerOutput output() {
    return output;
  }

  private void read(ServerSocketChannel server) {
    try (server;
        MessageChannel connected = new MessageChannel(server.accept())) {
      close(server);
      channel = connected;
      if (first != null) {
        connected.send(first);
      }
      while (true) {
        Message message = next(connected);
        if (first == null || message instanceof Message.TorchLoaded) {
          rest.complete(null);
        }
        received.put(new Received(message, null));
      }
    } catch (IOException | RuntimeException e) {
      ended(e instanceof IOException io ? io : new ProtocolException(String.valueOf(e)));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  // Queued before the connection is closed, so that a blocked sender learns the reason.
  private Message next(MessageChannel connected) throws IOException {
    try {
      return connected.receive();
    } catch (IOException e) {
      end = e;
      throw e;
    }
  }

  private void ended(IOException reason) {
    end = reason;
    rest.completeExceptionally(reason);
    try {
      received.put(new Received(null, reason));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Waits until the runner has started.
   *
   * @throws IOException if it ends first, takes longer, or is not a runner of this service
   */
  void awaitReady(Duration longest) throws IOException {
    if (ready) {
      return;
    }
    Message first = receive(longest);
    if (first == null) {
      throw new RunnerStoppedException("did not start within " + longest.toSeconds() + " s");
    }
    if (!(first instanceof Message.Hello hello) || !hello.token().equals(token)) {
      throw new ProtocolException(
          "its first message is not the greeting of a runner of this service");
    }
    if (hello.version() != Message.VERSION) {
      throw new ProtocolException(
          "it speaks version %d of the protocol and this service %d: the program was replaced while the service ran; restart the service"
              .formatted(hello.version(), Message.VERSION));
    }
    ready = true;
  }

  /** Sends a first request once the runner connects, without waiting for it. */
  void onceReady(Message.LoadTorch message) {
    first = message;
  }

  /** Whether it has started and finished its first request within this time. */
  boolean isAtRest(Duration longest) {
    try {
      rest.get(longest.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } catch (ExecutionException | TimeoutException e) {
      return false;
    }
  }

  /** Sends a message; a runner that does not read it in time is ended. */
  void send(Message message) throws IOException {
    CompletableFuture<Void> sent = new CompletableFuture<>();
    sent.orTimeout(SEND.toSeconds(), TimeUnit.SECONDS)
        .whenComplete(
            (done, late) -> {
              if (late != null) {
                process.toHandle().destroyForcibly();
              }
            });
    try {
      channel.send(message);
    } catch (IOException closed) {
      // The reader's reason for closing the connection says more.
      throw end instanceof ProtocolException lie ? lie : closed;
    } finally {
      sent.complete(null);
    }
  }

  /**
   * The next message; null if none arrives within this time.
   *
   * @throws IOException when the connection has ended and all messages are read
   */
  Message receive(Duration longest) throws IOException {
    try {
      Received next = received.poll(longest.toMillis(), TimeUnit.MILLISECONDS);
      if (next != null && next.end() != null) {
        received.add(next);
        throw next.end() instanceof ProtocolException lie ? lie : new EOFException("it has ended");
      }
      return next == null ? null : next.message();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /** Sets its memory limit in bytes. */
  void limitMemory(long bytes) {
    memoryLimit = bytes;
    group.ifPresent(it -> it.limit(bytes));
  }

  long memoryLimit() {
    return memoryLimit;
  }

  OptionalLong memory() {
    return ProcessMemory.of(process.pid());
  }

  /**
   * Its memory in bytes, or its limit, when it was ended for exceeding the limit; 0 if it was not.
   */
  long overMemory() {
    if (overMemory == 0 && group.isPresent() && group.get().hasKilled()) {
      overMemory = memoryLimit;
    }
    return overMemory;
  }

  /** Ends it if it exceeds its memory limit. */
  void checkMemory() {
    long bytes = memory().orElse(0);
    if (bytes > memoryLimit && process.isAlive()) {
      overMemory = bytes;
      process.toHandle().destroyForcibly();
    }
  }

  /** Sends SIGTERM, and SIGKILL if it has not ended within this time. */
  void stop(Duration grace) {
    process.toHandle().destroy();
    exitStatus(grace);
    close();
  }

  /** Its exit status; empty if it has not ended within this time. */
  OptionalInt exitStatus(Duration longest) {
    try {
      return process.waitFor(longest.toMillis(), TimeUnit.MILLISECONDS)
          ? OptionalInt.of(process.exitValue())
          : OptionalInt.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return OptionalInt.empty();
    }
  }

  /** Kills it and deletes its folder. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    process.toHandle().destroyForcibly();
    exitStatus(Duration.ofSeconds(EXIT_SECONDS));
    group.ifPresent(MemoryGroup::close);
    // The reader may be waiting to queue a message that will not be read.
    reader.interrupt();
    try {
      FileSystemUtils.deleteRecursively(folder);
    } catch (IOException leftBehind) {
      log.debug(
          "the folder of runner {} could not be deleted, {}: {}",
          pid(),
          folder,
          leftBehind.getMessage());
    }
  }

  private static void close(ServerSocketChannel server) {
    try {
      server.close();
    } catch (IOException e) {
      log.debug("A runner's socket: {}", e.getMessage());
    }
  }
}
