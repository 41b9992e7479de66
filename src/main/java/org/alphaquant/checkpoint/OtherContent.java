package org.alphaquant.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Recognises, by their first bytes, files that are not what their names say: Git LFS pointers,
 * other formats, HTML pages.
 */
public final class OtherContent {

  private static final int LONGEST = 512;
  private static final int TAR_MAGIC = 257;

  private record Sign(int at, byte[] bytes, String name) {

    static Sign of(String begin, String name) {
      return new Sign(0, begin.getBytes(StandardCharsets.ISO_8859_1), name);
    }

    boolean matches(byte[] head) {
      return head.length >= at + bytes.length
          && Arrays.equals(head, at, at + bytes.length, bytes, 0, bytes.length);
    }
  }

  private static final Sign POINTER =
      Sign.of(
          "version https://git-lfs.github.com/spec/",
          "a Git LFS pointer, which stands for the file itself; run git lfs pull, or fetch the file");

  private static final List<Sign> OTHER =
      List.of(
          POINTER,
          Sign.of("PAR1", "a Parquet file"),
          Sign.of("BZh", "packed with bzip2"),
          Sign.of("\u00fd7zXZ\0", "packed with xz"),
          Sign.of("7z\u00bc\u00af", "a 7-Zip archive"),
          Sign.of("PK\u0003\u0004", "a zip archive, as PyTorch's .bin and .pt files are"),
          Sign.of("\u0004\"M\u0018", "packed with LZ4"),
          Sign.of("\u0080\u0002", "a Python pickle"),
          Sign.of("\u0080\u0003", "a Python pickle"),
          Sign.of("\u0080\u0004", "a Python pickle"),
          Sign.of("\u0080\u0005", "a Python pickle"),
          Sign.of("\u0093NUMPY", "a NumPy array"),
          Sign.of("SQLite format 3", "an SQLite database"),
          Sign.of("\u0089PNG", "a picture"),
          Sign.of("\u00ff\u00d8\u00ff", "a picture"),
          Sign.of("\u00ff\u00fe", "text in UTF-16; write it in UTF-8"),
          Sign.of("\u00fe\u00ff", "text in UTF-16; write it in UTF-8"),
          Sign.of("GGUF", "a GGUF file"),
          Sign.of("\u0089HDF", "an HDF5 file"),
          Sign.of("ARROW1", "an Arrow file"),
          Sign.of("%PDF", "a PDF document"),
          new Sign(TAR_MAGIC, "ustar".getBytes(StandardCharsets.US_ASCII), "a tar archive"));

  /** Text is unpacked where it is packed so. */
  private static final List<Sign> PACKED =
      List.of(
          Sign.of("\u001f\u008b", "packed with gzip"),
          Sign.of("\u0028\u00b5\u002f\u00fd", "packed with Zstandard"));

  private OtherContent() {}

  /**
   * The real format of a file that should hold weights or a JSON object, to complete a sentence
   * that starts with "this is"; empty where it is none of the known formats.
   */
  public static Optional<String> of(Path file) {
    byte[] head = head(file);
    return sign(OTHER, head)
        .or(() -> sign(PACKED, head))
        .or(() -> page(head))
        .or(() -> begin(head).startsWith("[") ? Optional.of("a JSON array") : Optional.empty());
  }

  /** The same of a text's first bytes, unpacked. */
  public static Optional<String> ofText(byte[] head) {
    return sign(OTHER, head).or(() -> page(head)).or(() -> binary(head));
  }

  private static Optional<String> binary(byte[] head) {
    for (byte value : head) {
      if (value == 0) {
        return Optional.of("a binary file, or text that is not in UTF-8: it has a byte 0");
      }
    }
    return Optional.empty();
  }

  private static Optional<String> sign(List<Sign> signs, byte[] head) {
    return signs.stream().filter(sign -> sign.matches(head)).map(Sign::name).findFirst();
  }

  private static Optional<String> page(byte[] head) {
    String begin = begin(head);
    if (begin.startsWith("<?xml")) {
      return Optional.of("an XML document, as a store answers instead of a file");
    }
    if (begin.regionMatches(true, 0, "<!doctype", 0, 9)
        || begin.regionMatches(true, 0, "<html", 0, 5)) {
      return Optional.of("an HTML page, as a site answers instead of a file");
    }
    return Optional.empty();
  }

  private static String begin(byte[] head) {
    return new String(head, StandardCharsets.ISO_8859_1).stripLeading();
  }

  private static byte[] head(Path file) {
    try (InputStream bytes = Files.newInputStream(file)) {
      return bytes.readNBytes(LONGEST);
    } catch (IOException unreadable) {
      return new byte[0];
    }
  }
}
