package org.alphaquant.calibration;

import com.github.luben.zstd.ZstdInputStream;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.alphaquant.calibration.CalibrationException.Kind;
import org.alphaquant.checkpoint.OtherContent;

/** The format of a text file, recognised by its first bytes or else by its name. */
public enum DataFormat {
  /** One JSON object a line. */
  JSON_LINES,
  /** One array of JSON objects. */
  JSON_ARRAY,
  /** Apache Parquet. */
  PARQUET,
  /** One running text. */
  PLAIN_TEXT;

  /** Endings of names of files that can be read, each also with {@code .gz} and {@code .zst}. */
  public static final List<String> ENDINGS =
      List.of(".jsonl", ".ndjson", ".json", ".parquet", ".txt", ".md");

  private static final byte[] PARQUET_MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII);
  private static final int SNIFFED = 4096;

  /**
   * The format of a file.
   *
   * @throws CalibrationException if it cannot be read
   */
  public static DataFormat of(Path file) {
    try (InputStream bytes = Files.newInputStream(file)) {
      if (Arrays.equals(bytes.readNBytes(PARQUET_MAGIC.length), PARQUET_MAGIC)) {
        return PARQUET;
      }
    } catch (IOException e) {
      throw TextLines.unreadable(file, e);
    }
    requireText(file);
    return ofText(file);
  }

  private static void requireText(Path file) {
    OtherContent.ofText(head(file))
        .or(() -> table(file))
        .ifPresent(
            name -> {
              throw new CalibrationException(
                  Kind.TEXT_FILE,
                  "'%s' is no text: this is %s".formatted(file.getFileName(), name));
            });
  }

  private static Optional<String> table(Path file) {
    String name = uncompressed(file.getFileName().toString().toLowerCase(Locale.ROOT));
    return name.endsWith(".csv") || name.endsWith(".tsv")
        ? Optional.of("a table; write it as JSON lines or Parquet")
        : Optional.empty();
  }

  private static DataFormat ofText(Path file) {
    String name = uncompressed(file.getFileName().toString().toLowerCase(Locale.ROOT));
    if (name.endsWith(".jsonl") || name.endsWith(".ndjson")) {
      return JSON_LINES;
    }
    String begin = begin(file).stripLeading();
    if (name.endsWith(".json")) {
      return begin.startsWith("[") ? JSON_ARRAY : JSON_LINES;
    }
    boolean named = ENDINGS.stream().anyMatch(name::endsWith);
    if (named) {
      return PLAIN_TEXT;
    }
    return begin.startsWith("{\"")
        ? JSON_LINES
        : begin.matches("(?s)\\[\\s*\\{.*") ? JSON_ARRAY : PLAIN_TEXT;
  }

  private static String uncompressed(String name) {
    return name.replaceFirst("\\.(gz|zst)$", "");
  }

  private static String begin(Path file) {
    return new String(head(file), StandardCharsets.UTF_8);
  }

  private static byte[] head(Path file) {
    try (InputStream bytes = open(file)) {
      return bytes.readNBytes(SNIFFED);
    } catch (IOException e) {
      throw TextLines.unreadable(file, e);
    }
  }

  /** The content of a file, unpacked where it is packed. */
  static InputStream open(Path file) throws IOException {
    BufferedInputStream bytes = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
    bytes.mark(4);
    byte[] magic = bytes.readNBytes(4);
    bytes.reset();
    if (magic.length >= 2 && magic[0] == 0x1f && magic[1] == (byte) 0x8b) {
      return unpacked(new GZIPInputStream(bytes, 1 << 16));
    }
    boolean zstd =
        magic.length == 4
            && magic[0] == 0x28
            && magic[1] == (byte) 0xb5
            && magic[2] == 0x2f
            && magic[3] == (byte) 0xfd;
    return zstd ? unpacked(new ZstdInputStream(bytes)) : bytes;
  }

  private static InputStream unpacked(InputStream bytes) {
    return new BufferedInputStream(bytes, 1 << 16);
  }
}
