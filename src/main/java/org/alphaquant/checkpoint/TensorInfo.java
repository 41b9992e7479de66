package org.alphaquant.checkpoint;

import static org.alphaquant.checkpoint.CheckpointException.quote;

import java.util.List;
import org.alphaquant.checkpoint.CheckpointException.Kind;

/**
 * Name, element type and shape of one stored tensor. An empty shape is a scalar; a dimension of
 * zero is a tensor without elements; both are legal.
 */
public record TensorInfo(String name, Dtype dtype, List<Long> shape) {

  /** PyTorch's limit. */
  public static final int MAX_RANK = 64;

  /**
   * Checks the shape.
   *
   * @throws CheckpointException for a negative dimension, more than {@value #MAX_RANK} dimensions,
   *     a size that does not fit 64 bits, or sub-byte elements that do not fill whole bytes
   */
  public TensorInfo {
    if (name.equals(SafetensorsHeader.METADATA)) {
      throw problem(Kind.RESERVED_NAME, name, "this name is reserved for the file's metadata");
    }
    if (shape.size() > MAX_RANK) {
      throw problem(
          Kind.SHAPE, name, shape.size() + " dimensions, more than the limit of " + MAX_RANK);
    }
    shape = List.copyOf(shape);
    long bits = bits(name, dtype, shape);
    if (bits % Byte.SIZE != 0) {
      throw problem(
          Kind.PARTIAL_BYTE,
          name,
          "%d bits of %s in shape %s do not fill whole bytes".formatted(bits, dtype, shape));
    }
  }

  /** Number of elements: the product of the dimensions, 1 for a scalar. */
  public long elements() {
    return shape.stream().mapToLong(Long::longValue).reduce(1, (a, b) -> a * b);
  }

  /** Size of the stored data in bytes. */
  public long bytes() {
    return elements() * dtype.bits() / Byte.SIZE;
  }

  /** The same tensor under another name. */
  public TensorInfo renamed(String newName) {
    return new TensorInfo(newName, dtype, shape);
  }

  private static long bits(String name, Dtype dtype, List<Long> shape) {
    long bits = dtype.bits();
    try {
      for (long dimension : shape) {
        if (dimension < 0) {
          throw problem(Kind.SHAPE, name, "negative dimension " + dimension + " in " + shape);
        }
        bits = Math.multiplyExact(bits, dimension);
      }
    } catch (ArithmeticException overflow) {
      throw problem(
          Kind.SHAPE_OVERFLOW,
          name,
          "shape %s of %s has more than %d bits".formatted(shape, dtype, Long.MAX_VALUE));
    }
    return bits;
  }

  private static CheckpointException problem(Kind kind, String name, String detail) {
    return CheckpointException.ofTensor(kind, null, name, detail);
  }

  @Override
  public String toString() {
    return quote(name) + " " + dtype + " " + shape;
  }
}
