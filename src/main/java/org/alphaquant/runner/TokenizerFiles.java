package org.alphaquant.runner;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alphaquant.calibration.Tokenizer;
import org.alphaquant.request.ClientPresence;

/** Identifies tokenizers by the hash of their files. */
final class TokenizerFiles {
  private static final List<String> NAMES = List.of("tokenizer.json", "tokenizer_config.json");
  private static final int REMEMBERED = 1000;

  private final Map<State, String> hashes = Recent.map(REMEMBERED);

  /** Attributes that change when the file does. */
  private record State(Path file, Object key, long bytes, long modified) {}

  /** The error message where one of the tokenizer's files is too large to be read. */
  static Optional<String> tooLarge(Path folder) throws IOException {
    for (String name : NAMES) {
      Path file = folder.resolve(name);
      Optional<String> message =
          Files.isRegularFile(file) ? Tokenizer.tooLarge(file, Files.size(file)) : Optional.empty();
      if (message.isPresent()) {
        return message;
      }
    }
    return Optional.empty();
  }

  /**
   * SHA-256 of the tokenizer's files; an unchanged file is read only once.
   *
   * @throws IOException if one cannot be read, or is too large
   */
  String hash(Path folder) throws IOException {
    Optional<String> tooLarge = tooLarge(folder);
    if (tooLarge.isPresent()) {
      throw new IOException(tooLarge.get());
    }
    StringBuilder hash = new StringBuilder();
    for (String name : NAMES) {
      Path file = folder.resolve(name);
      hash.append(Files.isRegularFile(file) ? fileHash(file) : "none").append(' ');
    }
    return hash.toString();
  }

  private String fileHash(Path file) throws IOException {
    BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
    State state =
        new State(
            file.toAbsolutePath(), now.fileKey(), now.size(), now.lastModifiedTime().toMillis());
    String known = hashes.get(state);
    if (known == null) {
      known = sha256(file);
      hashes.put(state, known);
    }
    return known;
  }

  static String sha256(String text) throws IOException {
    return sha256(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static String sha256(Path file) throws IOException {
    try (InputStream bytes = Files.newInputStream(file)) {
      return sha256(bytes);
    }
  }

  private static String sha256(InputStream bytes) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] block = new byte[1 << 16];
      for (int read = bytes.read(block); read > 0; read = bytes.read(block)) {
        ClientPresence.require();
        digest.update(block, 0, read);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
