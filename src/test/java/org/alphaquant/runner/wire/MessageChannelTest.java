package org.alphaquant.runner.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobProgress;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.measure.PerplexityChange;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.JsonNodeFactory;

/** What two sides of a socket make of each other's bytes. */
class MessageChannelTest {
  private static final JobSpec SPEC = JobSpec.of("a/model");

  private Path folder;
  private SocketChannel peer;
  private MessageChannel channel;

  @BeforeEach
  void connect() throws IOException {
    // The path of a socket has at most 108 bytes.
    folder = Files.createTempDirectory("aq-wire-");
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(folder.resolve("s"));
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(address);
      peer = SocketChannel.open(address);
      channel = new MessageChannel(server.accept());
    }
  }

  @AfterEach
  void close() throws IOException {
    peer.close();
    channel.close();
    Files.deleteIfExists(folder.resolve("s"));
    Files.delete(folder);
  }

  static List<Message> messages() {
    return List.of(
        new Message.Hello(Message.VERSION, "token"),
        new Message.Run(
            new UUID(1, 2),
            3,
            MessageChannel.JSON.valueToTree(SPEC),
            List.of("cuda:0", "cuda:1"),
            1,
            "/a",
            "/a/result",
            Map.of(),
            List.of("/b"),
            List.of("/models"),
            List.of()),
        new Message.TryTokenizer("/model", 100, List.of("/models")),
        new Message.LoadTorch(),
        new Message.TorchLoaded(true),
        new Message.Stop(Message.Stop.When.AFTER_LAYER),
        new Message.Alive("reading", 7),
        new Message.Progress(new JobProgress("quantize", 1, 2, 0.5, 9L)),
        new Message.Event("log", JsonNodeFactory.instance.objectNode().put("message", "é\0")),
        new Message.Done(
            new JobResult(
                new PerplexityChange(1.5, 2.5, null, null, null, null, null),
                null,
                null,
                4.25,
                new JobResult.Size(10, 5),
                List.of(new JobResult.Artifact("model", 5, "ab")))),
        new Message.Failed(new JobError("code", JobError.Kind.USER, "message", null)),
        new Message.Stopped(),
        new Message.Tried(null),
        new Message.Tried("no"));
  }

  @ParameterizedTest
  @MethodSource("messages")
  void everyMessageArrivesAsItWasSent(Message message) throws IOException {
    try (MessageChannel other = new MessageChannel(peer)) {
      other.send(message);
      // As text: a tree tells 1.0 that it was given from 1.0 that it has read.
      assertThat(MessageChannel.JSON.writeValueAsString(channel.receive()))
          .isEqualTo(MessageChannel.JSON.writeValueAsString(message));
    }
  }

  @Test
  void aSpecificationArrivesAsItWas() {
    assertThat(
            MessageChannel.JSON.treeToValue(MessageChannel.JSON.valueToTree(SPEC), JobSpec.class))
        .isEqualTo(SPEC);
  }

  @Test
  void aMessageThatComesByteByByteIsWaitedFor() throws IOException {
    CompletableFuture<Void> slow =
        CompletableFuture.runAsync(
            () -> {
              for (byte one : frame("{\"message\":\"stopped\"}")) {
                write(one);
                Thread.yield();
              }
            });
    assertThat(channel.receive()).isEqualTo(new Message.Stopped());
    slow.join();
  }

  @Test
  void anAnnouncedLengthAloneTakesNoMemory() throws IOException {
    write(ByteBuffer.allocate(4).putInt(MessageChannel.MAX_BYTES).array());
    peer.shutdownOutput();
    long before = usedHeap();
    assertThatThrownBy(channel::receive).isInstanceOf(EOFException.class);
    assertThat(usedHeap() - before).isLessThan(MessageChannel.MAX_BYTES / 2);
  }

  private static long usedHeap() {
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, Integer.MIN_VALUE, MessageChannel.MAX_BYTES + 1, Integer.MAX_VALUE})
  void aLengthOutOfRangeIsRefused(int length) {
    write(ByteBuffer.allocate(4).putInt(length).array());
    assertThatThrownBy(channel::receive)
        .isInstanceOf(ProtocolException.class)
        .hasMessageContaining("announces " + length);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "null",
        "7",
        "[]",
        "{}",
        "{\"message\":\"launch\"}",
        "{\"message\":\"alive\"}",
        "{\"message\":\"done\",\"result\":null}",
        "{\"message\":\"progress\",\"progress\":{\"phase\":\"x\",\"fraction\":7}}",
        "{\"message\":\"failed\",\"error\":{\"code\":\"c\",\"class\":\"NONE\",\"message\":\"m\"}}",
        "\u0000\u0001"
      })
  void whatIsNoMessageIsRefused(String json) {
    write(frame(json));
    assertThatThrownBy(channel::receive).isInstanceOf(ProtocolException.class);
  }

  @Test
  void deepNestingIsRefused() {
    write(frame("{\"message\":\"event\",\"kind\":\"log\",\"data\":" + "[".repeat(100_000)));
    assertThatThrownBy(channel::receive).isInstanceOf(ProtocolException.class);
  }

  @Test
  void aConnectionThatEndsWithinAMessageHasEnded() throws IOException {
    write(new byte[] {0, 0, 0, 50, '{'});
    peer.close();
    assertThatThrownBy(channel::receive).isInstanceOf(EOFException.class);
  }

  private static byte[] frame(String json) {
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(4 + bytes.length).putInt(bytes.length).put(bytes).array();
  }

  private void write(byte... bytes) {
    try {
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        peer.write(buffer);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
