package org.alphaquant.storage.gguf;

/** The values of codes in types with a table of values. */
final class FixedValues {

  /** ggml-common.h, kvalues_iq4nl. */
  static final float[] IQ4_NL = {
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
  };

  /** E2M1 (OCP Microscaling Formats v1.0, section 5.3.3); as in ggml its two zeros are one. */
  static final float[] E2M1 = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6, 0, -0.5f, -1, -1.5f, -2, -3, -4, -6};

  private FixedValues() {}

  /** E4M3 without its sign. */
  static float e4m3(int code) {
    int exponent = code >> 3 & 15;
    int mantissa = code & 7;
    return exponent == 0 ? mantissa * 0x1p-9f : (8 + mantissa) * Math.scalb(1f, exponent - 10);
  }

  /** The E4M3 code of a number from 0 to 448 that is one. */
  static int e4m3Code(float value) {
    int exponent = Math.max(Math.getExponent(value), -6);
    int steps = Math.round(Math.scalb(value, 3 - exponent));
    return steps < 8 ? steps : (exponent + 7 << 3) + steps - 8;
  }
}
