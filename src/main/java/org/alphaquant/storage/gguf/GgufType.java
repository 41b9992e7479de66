package org.alphaquant.storage.gguf;

import java.util.Arrays;
import java.util.Optional;

/**
 * How the elements of a GGUF tensor are stored: plainly, or in blocks along the row.
 *
 * @see <a href="https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h">ggml-common.h</a>
 */
public enum GgufType {
  F32(0, 1, 4, 0, 0),
  F16(1, 1, 2, 0, 1),
  Q4_0(2, 32, 18, 32, 2),
  Q4_1(3, 32, 20, 32, 3),
  Q5_0(6, 32, 22, 32, 8),
  Q5_1(7, 32, 24, 32, 9),
  Q8_0(8, 32, 34, 32, 7),
  Q2_K(10, 256, 84, 16, 10),
  Q3_K(11, 256, 110, 16, 12),
  Q4_K(12, 256, 144, 32, 14),
  Q5_K(13, 256, 176, 32, 16),
  Q6_K(14, 256, 210, 16, 18),
  IQ4_NL(20, 32, 18, 32, 25),
  I32(26, 1, 4, 0, 0),
  BF16(30, 1, 2, 0, 32),
  MXFP4(39, 32, 17, 32, 38),
  NVFP4(40, 64, 36, 16, 39);

  private final int id;
  private final int block;
  private final int bytes;
  private final int group;
  private final int fileType;

  GgufType(int id, int block, int bytes, int group, int fileType) {
    this.id = id;
    this.block = block;
    this.bytes = bytes;
    this.group = group;
    this.fileType = fileType;
  }

  /** The type of that number in a tensor info; empty for types that are not written here. */
  static Optional<GgufType> of(int id) {
    return Arrays.stream(values()).filter(type -> type.id == id).findFirst();
  }

  /** The number in a tensor info. */
  int id() {
    return id;
  }

  /** Elements of a block; rows are whole blocks. */
  public int blockSize() {
    return block;
  }

  /** Bytes of a block. */
  public int blockBytes() {
    return bytes;
  }

  /** Elements that share a scale; 0 for plain types. */
  public int groupSize() {
    return group;
  }

  /** The number in {@code general.file_type} of a file that is mostly of this type. */
  int fileType() {
    return fileType;
  }

  /** Whether a row of that many elements is whole blocks. */
  public boolean divides(long row) {
    return row % block == 0;
  }

  /** Stored bits for an element, scales included. */
  public double bitsPerWeight() {
    return (double) bytes * Byte.SIZE / block;
  }

  /** Whether elements are codes below scales. */
  public boolean isQuantized() {
    return group > 0;
  }

  /** Whether scales are themselves multiples of a scale of each 256 elements. */
  public boolean hasTwoLevels() {
    return block == 256;
  }

  /** Whether groups have a minimum beside their scale. */
  public boolean hasMinimum() {
    return this == Q4_1 || this == Q5_1 || this == Q2_K || this == Q4_K || this == Q5_K;
  }

  /**
   * Bytes of {@code elements} in rows of {@code row}.
   *
   * @throws IllegalArgumentException if rows are not whole blocks
   */
  long bytes(long elements, long row) {
    if (!divides(row)) {
      throw new IllegalArgumentException(
          "rows of %d are no multiple of %s's block of %d".formatted(row, this, block));
    }
    return elements / block * bytes;
  }
}
