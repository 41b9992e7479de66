package org.alphaquant.calibration;

import com.github.luben.zstd.ZstdIOException;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.ZipException;
import org.alphaquant.calibration.CalibrationException.Kind;

/**
 * The lines of a UTF-8 file, each with its line end, read one by one and of bounded length: longer
 * ones are refused where a line must be whole, else they come in parts.
 */
final class TextLines implements AutoCloseable {

  /** Longest line that is read whole; its text takes some six times that while it is parsed. */
  static final int MAX_LINE_BYTES = 1 << 25;

  /** The length at which counting of an overlong line stops. */
  private static final long MOST_COUNTED = 1L << 34;

  private static final int KEPT_BUFFER = 1 << 20;
  private static final int WHOLE = Integer.MAX_VALUE;
  private static final int CHUNK = 1 << 16;
  private static final String BYTE_ORDER_MARK = "\ufeff";

  private final Path file;
  private final InputStream bytes;
  private LineBytes line = new LineBytes();
  private final int part;
  private final byte[] chunk = new byte[CHUNK];
  private int at;
  private int limit;
  private boolean ended = true;
  private long number;

  /** Lines that must be whole. */
  TextLines(Path file) {
    this(file, WHOLE);
  }

  /**
   * @param part bytes after which a line is cut, between two characters
   */
  TextLines(Path file, int part) {
    this.file = file;
    this.part = part;
    try {
      this.bytes = DataFormat.open(file);
    } catch (IOException unreadable) {
      throw unreadable(file, unreadable);
    }
  }

  /** Number of the line that {@link #next} gave last, the first being 1. */
  long number() {
    return number;
  }

  /** Bytes whose buffer is read in place. */
  private static final class LineBytes extends ByteArrayOutputStream {
    ByteBuffer content() {
      return ByteBuffer.wrap(buf, 0, count);
    }
  }

  Optional<String> next() {
    if (line.size() > KEPT_BUFFER) {
      line = new LineBytes();
    }
    line.reset();
    number += ended ? 1 : 0;
    try {
      ended = false;
      while (!ended && hasMore() && !(line.size() >= part && begins(chunk[at]))) {
        takeChunk();
      }
      return line.size() == 0 ? Optional.empty() : Optional.of(decode());
    } catch (CharacterCodingException notUtf8) {
      throw new CalibrationException(
          Kind.TEXT_FILE, at() + ": the line is not valid UTF-8", notUtf8);
    } catch (IOException unreadable) {
      throw unreadable(file, unreadable);
    }
  }

  /** Where a message should point to. */
  String at() {
    return "'%s', line %d".formatted(file.getFileName(), number);
  }

  private boolean hasMore() throws IOException {
    if (at == limit) {
      limit = Math.max(0, bytes.read(chunk));
      at = 0;
    }
    return at < limit;
  }

  // As much of the chunk as is of this line, or of this part of it.
  private void takeChunk() throws IOException {
    int from = at;
    int room = Math.max(1, part - line.size());
    int most = (int) Math.min(limit, (long) from + room);
    while (!ended && at < most) {
      ended = chunk[at++] == '\n';
    }
    append(from, at - from);
  }

  // Whether a byte is the first of a character.
  private static boolean begins(byte value) {
    return (value & 0xc0) != 0x80;
  }

  private void append(int from, int count) throws IOException {
    long more = (long) line.size() + count - MAX_LINE_BYTES;
    if (more > 0) {
      throw tooLong(ended ? more : more + restOfLine());
    }
    line.write(chunk, from, count);
  }

  private CalibrationException tooLong(long more) {
    boolean counted = more < MOST_COUNTED;
    line = new LineBytes();
    return new CalibrationException(
        Kind.TEXT_FILE,
        "%s: the row has %s%,d bytes, over the limit of %,d; make several rows of it, or give it as plain text"
            .formatted(at(), counted ? "" : "more than ", MAX_LINE_BYTES + more, MAX_LINE_BYTES));
  }

  private long restOfLine() throws IOException {
    long count = 0;
    while (count < MOST_COUNTED && hasMore()) {
      for (; at < limit; at++) {
        count++;
        if (chunk[at] == '\n') {
          return count;
        }
      }
    }
    return count;
  }

  private String decode() throws CharacterCodingException {
    String text = StandardCharsets.UTF_8.newDecoder().decode(line.content()).toString();
    return number == 1 && text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text;
  }

  static CalibrationException unreadable(Path file, IOException cause) {
    return new CalibrationException(
        Kind.TEXT_FILE,
        "'%s' cannot be read: %s"
            .formatted(
                file.getFileName(), Files.exists(file) ? reason(cause) : "there is no such file"),
        cause);
  }

  private static String reason(IOException cause) {
    if (cause instanceof AccessDeniedException) {
      return "its permissions do not allow it";
    }
    if (cause instanceof ZstdIOException
        || cause instanceof ZipException
        || cause instanceof EOFException) {
      return "it is damaged, or cut off: " + cause.getMessage();
    }
    // The message of another error of the file system is the file's name alone.
    return cause instanceof FileSystemException || cause.getMessage() == null
        ? cause.toString()
        : cause.getMessage();
  }

  @Override
  public void close() {
    try {
      bytes.close();
    } catch (IOException alreadyGone) {
      // A file that was only read from has nothing to lose.
    }
  }
}
