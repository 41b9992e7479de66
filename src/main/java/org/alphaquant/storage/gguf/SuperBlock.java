package org.alphaquant.storage.gguf;

/** The two levels of scales of 256 weights, as whole numbers below one or two halves. */
record SuperBlock(float d, float dmin, int[] scales, int[] minima) {

  /**
   * Takes the levels of a block apart again.
   *
   * @param group weights that share a scale
   * @param withMinima whether {@code codes.outer} holds pairs
   */
  static SuperBlock of(BlockCodes codes, int first, int group, boolean withMinima) {
    int stride = withMinima ? 2 : 1;
    float d = codes.outer()[first / 256 * stride];
    float dmin = withMinima ? codes.outer()[first / 256 * 2 + 1] : 0;
    int[] scales = new int[256 / group];
    int[] minima = new int[256 / group];
    for (int g = 0; g < scales.length; g++) {
      scales[g] = multiple(codes.scaleAt(first + g * group), d);
      minima[g] = multiple(-codes.minimumAt(first + g * group), dmin);
    }
    return new SuperBlock(d, dmin, scales, minima);
  }

  private static int multiple(float value, float unit) {
    return unit == 0 ? 0 : Math.round(value / unit);
  }
}
