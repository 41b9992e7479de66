package org.alphaquant.checkpoint;

import java.nio.file.Path;
import java.util.Optional;

/**
 * A checkpoint that cannot be read or written. The message names the file, the tensor where there
 * is one, the value found and the limit it breaks, and is fit for the person who supplied the
 * files.
 */
public final class CheckpointException extends RuntimeException {

  /** The kind of fault; one constant for each way in which files can be malformed. */
  public enum Kind {
    NOT_A_FOLDER,
    UNREADABLE,
    CONFIG_MISSING,
    CONFIG_MALFORMED,
    WEIGHTS_MISSING,
    ONLY_PICKLE,
    AMBIGUOUS_WEIGHTS,
    FILE_TOO_SHORT,
    HEADER_TOO_LARGE,
    HEADER_TRUNCATED,
    HEADER_START,
    HEADER_ENCODING,
    HEADER_JSON,
    HEADER_FIELD,
    METADATA,
    DUPLICATE_TENSOR,
    UNKNOWN_DTYPE,
    SHAPE,
    SHAPE_OVERFLOW,
    PARTIAL_BYTE,
    OFFSETS,
    SIZE_MISMATCH,
    HOLE,
    OVERLAP,
    DATA_TRUNCATED,
    TRAILING_BYTES,
    INDEX_MALFORMED,
    INDEX_PATH,
    SHARD_MISSING,
    TENSOR_NOT_IN_SHARD,
    TENSOR_IN_TWO_SHARDS,
    UNKNOWN_TENSOR,
    RESERVED_NAME,
    SOURCE_SIZE,
    STALE_WEIGHTS,
    NOT_WRITTEN,
    QUANTIZATION_CONFIG,
    QUANTIZED_TENSOR
  }

  private static final int LONGEST_QUOTE = 160;

  private final Kind kind;
  private final transient Path file;
  private final String tensor;
  private final String detail;

  private CheckpointException(Kind kind, Path file, String tensor, String detail, Throwable cause) {
    super(message(file, tensor, detail), cause);
    this.kind = kind;
    this.file = file;
    this.tensor = tensor;
    this.detail = detail;
  }

  /** Of weights in another format. */
  public static CheckpointException unreadable(Path folder, RuntimeException reason) {
    return of(Kind.UNREADABLE, folder, "cannot be read: " + reason.getMessage(), reason);
  }

  static CheckpointException of(Kind kind, Path file, String detail) {
    return new CheckpointException(kind, file, null, detail, null);
  }

  static CheckpointException of(Kind kind, Path file, String detail, Throwable cause) {
    return new CheckpointException(kind, file, null, detail, cause);
  }

  static CheckpointException ofTensor(Kind kind, Path file, String tensor, String detail) {
    return new CheckpointException(kind, file, tensor, detail, null);
  }

  /** This fault, or the file's real format where its first bytes identify it. */
  CheckpointException orOtherContent(Path path, String expected) {
    return OtherContent.of(path)
        .map(name -> of(kind, path, "not " + expected + "; this is " + name, this))
        .orElse(this);
  }

  CheckpointException inFile(Path path) {
    return new CheckpointException(kind, path, tensor, detail, getCause());
  }

  /** Which problem it is. */
  public Kind kind() {
    return kind;
  }

  /** The file or folder at fault. */
  public Optional<Path> file() {
    return Optional.ofNullable(file);
  }

  /** The tensor at fault. */
  public Optional<String> tensor() {
    return Optional.ofNullable(tensor);
  }

  /** A value from a file as a message may show it: quoted, printable, of bounded length. */
  static String quote(String value) {
    String cut = value.length() > LONGEST_QUOTE ? value.substring(0, LONGEST_QUOTE) + "…" : value;
    boolean printable = cut.chars().noneMatch(it -> it < ' ' || it == 0x7f);
    return "'" + (printable ? cut : cut.replaceAll("\\p{Cntrl}", "?")) + "'";
  }

  private static String message(Path file, String tensor, String detail) {
    String where = file == null ? "" : shortName(file) + ": ";
    return where + (tensor == null ? "" : "tensor " + quote(tensor) + ": ") + detail;
  }

  // The folder is the model; the path above it is the server's own business.
  private static String shortName(Path file) {
    int names = file.getNameCount();
    return names > 2 ? file.subpath(names - 2, names).toString() : file.toString();
  }
}
