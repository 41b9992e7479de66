package org.alphaquant.format;

/**
 * The scales of a GGUF K-quant: each group's is a whole multiple of one half-precision number of
 * its block of 256 weights, and so is each group's minimum where there are minima.
 *
 * @param groupSize weights that share a scale
 * @param minima whether groups have a minimum, so that codes count from 0
 * @param least the least multiple of a scale; 1 where scales are positive
 * @param most the greatest multiple
 * @param blockBits stored bits of a block of 256 weights
 * @see <a href="https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h">ggml-common.h</a>
 */
public record TwoLevels(int groupSize, boolean minima, int least, int most, int blockBits) {

  /** Weights of a block. */
  public static final int BLOCK = 256;

  static final TwoLevels Q2_K = new TwoLevels(16, true, 1, 15, 8 * 84);
  static final TwoLevels Q3_K = new TwoLevels(16, false, -31, 31, 8 * 110);
  static final TwoLevels Q4_K = new TwoLevels(32, true, 1, 63, 8 * 144);
  static final TwoLevels Q5_K = new TwoLevels(32, true, 1, 63, 8 * 176);
  static final TwoLevels Q6_K = new TwoLevels(16, false, -127, 127, 8 * 210);

  double bitsPerWeight() {
    return (double) blockBits / BLOCK;
  }
}
