package org.alphaquant.storage.gguf;

/**
 * Rows of codes with their scales. A weight is {@code code * scale + minimum} where the type has
 * minima, else {@code value(code) * scale} with the type's own fixed values of codes ({@code code -
 * 8} for Q4_0).
 *
 * @param codes as stored, counted from 0
 * @param scale of each group of {@code groupSize} weights, exact in what the type keeps it in
 * @param minimum of each group, 0 or below; empty for types without
 * @param outer of each 256 weights of a type with two levels, what {@code scale} is a whole
 *     multiple of and, where there are minima, what {@code -minimum} is one of; else empty
 * @param groupSize weights that share a scale; a multiple of the type's
 */
public record BlockCodes(
    byte[] codes, float[] scale, float[] minimum, float[] outer, int groupSize) {

  public BlockCodes {
    if (groupSize <= 0 || codes.length != (long) scale.length * groupSize) {
      throw new IllegalArgumentException(
          "%d codes in groups of %d do not go with %d scales"
              .formatted(codes.length, groupSize, scale.length));
    }
    if (minimum.length != 0 && minimum.length != scale.length) {
      throw new IllegalArgumentException(
          "%d minima do not go with %d scales".formatted(minimum.length, scale.length));
    }
  }

  int code(int index) {
    return codes[index] & 0xff;
  }

  float scaleAt(int index) {
    return scale[index / groupSize];
  }

  float minimumAt(int index) {
    return minimum.length == 0 ? 0 : minimum[index / groupSize];
  }
}
