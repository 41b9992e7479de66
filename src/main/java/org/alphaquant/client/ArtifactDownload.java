package org.alphaquant.client;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/** Downloads files of a result, resumes partial ones and checks every SHA-256. */
final class ArtifactDownload {
  private static final int BUFFER = 1 << 16;
  private static final int ATTEMPTS = 5;

  private final ServiceClient client;
  private final String path;
  private final Path folder;
  private final Terminal terminal;

  /**
   * @param path of the artifacts in the API
   */
  ArtifactDownload(ServiceClient client, String path, Path folder, Terminal terminal) {
    this.client = client;
    this.path = path;
    this.folder = folder;
    this.terminal = terminal;
  }

  /**
   * Downloads one file, which gets its name when it is complete.
   *
   * @throws ClientException if its SHA-256 is not the one that the service lists
   */
  void fetch(JsonNode artifact) throws InterruptedException {
    String name = artifact.path("name").asString();
    Path file = folder.resolve(name).normalize();
    if (!file.startsWith(folder)) {
      throw new ClientException(
          "artifact \"%s\" would be written outside of %s".formatted(name, folder));
    }
    try {
      Files.createDirectories(file.getParent());
      if (!isWhole(file, artifact)) {
        Path part = file.resolveSibling(file.getFileName() + ".part");
        complete(part, artifact);
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      }
    } catch (IOException e) {
      throw new ClientException("%s cannot be downloaded: %s".formatted(name, e), e);
    }
  }

  private void complete(Path part, JsonNode artifact) throws IOException, InterruptedException {
    long bytes = artifact.path("bytes").asLong();
    if (size(part) > bytes) {
      Files.delete(part);
    }
    for (int attempt = 1; size(part) < bytes || !Files.exists(part); attempt++) {
      try {
        append(part, artifact);
      } catch (IOException broken) {
        if (attempt == ATTEMPTS) {
          throw broken;
        }
      }
    }
    if (!isWhole(part, artifact)) {
      Files.delete(part);
      throw new ClientException(
          "the SHA-256 of %s is not the one that the service lists; it was removed"
              .formatted(artifact.path("name").asString()));
    }
  }

  private void append(Path part, JsonNode artifact) throws IOException, InterruptedException {
    String name = artifact.path("name").asString();
    String encoded =
        Arrays.stream(name.split("/")).map(ServiceClient::encoded).collect(Collectors.joining("/"));
    try (InputStream in = client.download(path + "/" + encoded, size(part));
        OutputStream out =
            Files.newOutputStream(part, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      byte[] buffer = new byte[BUFFER];
      long there = size(part);
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        out.write(buffer, 0, n);
        there += n;
        progress(name, there, artifact.path("bytes").asLong());
      }
    }
  }

  private void progress(String name, long there, long bytes) {
    if (terminal.isLive()) {
      terminal.redraw(
          name, "%s  %s of %s".formatted(name, Summary.size(there), Summary.size(bytes)));
    }
  }

  private static long size(Path file) throws IOException {
    return Files.exists(file) ? Files.size(file) : 0;
  }

  private static boolean isWhole(Path file, JsonNode artifact) throws IOException {
    return Files.exists(file)
        && Files.size(file) == artifact.path("bytes").asLong()
        && sha256(file).equals(artifact.path("sha256").asString());
  }

  private static String sha256(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] buffer = new byte[BUFFER];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        digest.update(buffer, 0, n);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException everyJavaHasIt) {
      throw new IllegalStateException(everyJavaHasIt);
    }
  }
}
