package org.alphaquant.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ArtifactDownloadTest {
  private static final byte[] CONTENT =
      "0123456789".repeat(20_000).getBytes(StandardCharsets.UTF_8);

  @TempDir private Path folder;
  private final List<String> ranges = new CopyOnWriteArrayList<>();
  private HttpServer server;
  private int cutAfter = Integer.MAX_VALUE;

  @BeforeEach
  void serve() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/files", this::answer);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  @Test
  void aFileInASubfolderArrivesWhole() throws Exception {
    fetch("deep/model.bin", sha256());

    assertThat(folder.resolve("deep/model.bin")).hasBinaryContent(CONTENT);
    assertThat(folder.resolve("deep/model.bin.part")).doesNotExist();
  }

  @Test
  void aConnectionThatBreaksIsResumedWhereItBroke() throws Exception {
    cutAfter = 100_000;

    fetch("model.bin", sha256());

    assertThat(folder.resolve("model.bin")).hasBinaryContent(CONTENT);
    assertThat(ranges).hasSize(2).first().isEqualTo("none");
    assertThat(ranges.get(1)).matches("bytes=\\d+-");
  }

  @Test
  void aPartOfAnEarlierDownloadIsKept() throws Exception {
    Files.write(folder.resolve("model.bin.part"), java.util.Arrays.copyOf(CONTENT, 70_000));

    fetch("model.bin", sha256());

    assertThat(ranges).containsExactly("bytes=70000-");
    assertThat(folder.resolve("model.bin")).hasBinaryContent(CONTENT);
  }

  @Test
  void aFileThatIsThereIsNotDownloadedAgain() throws Exception {
    Files.write(folder.resolve("model.bin"), CONTENT);

    fetch("model.bin", sha256());

    assertThat(ranges).isEmpty();
  }

  @Test
  void otherBytesThanTheListedOnesAreRemoved() {
    assertThatThrownBy(() -> fetch("model.bin", "0".repeat(64)))
        .hasMessageContaining("the SHA-256 of model.bin is not the one that the service lists");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void noFileIsWrittenOutsideOfTheFolder() {
    assertThatThrownBy(() -> fetch("../model.bin", sha256()))
        .hasMessageContaining("outside of " + folder);
    assertThat(ranges).isEmpty();
  }

  private void fetch(String name, String sha256) throws InterruptedException {
    String url = "http://localhost:" + server.getAddress().getPort();
    JsonNode artifact =
        JsonMapper.shared()
            .createObjectNode()
            .put("name", name)
            .put("bytes", CONTENT.length)
            .put("sha256", sha256);
    Terminal terminal = new Terminal("test", System.out, System.err, 0);
    new ArtifactDownload(new ServiceClient(url, Optional.empty()), "/files", folder, terminal)
        .fetch(artifact);
  }

  private static String sha256() throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(CONTENT));
  }

  private void answer(HttpExchange exchange) throws IOException {
    String range = exchange.getRequestHeaders().getFirst("Range");
    ranges.add(range == null ? "none" : range);
    int from = range == null ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
    exchange.sendResponseHeaders(range == null ? 200 : 206, CONTENT.length - from);
    int until = Math.min(CONTENT.length, cutAfter);
    cutAfter = Integer.MAX_VALUE;
    exchange.getResponseBody().write(CONTENT, from, until - from);
    exchange.close();
  }
}
