package org.alphaquant.storage.gguf;

/** IEEE 754 half precision, which the language has from version 20 on only. */
final class Half {

  private Half() {}

  static float toFloat(short half) {
    int sign = (half & 0x8000) << 16;
    int exponent = half >>> 10 & 31;
    int mantissa = half & 0x3ff;
    if (exponent == 31) {
      return Float.intBitsToFloat(sign | 0x7f800000 | mantissa << 13);
    }
    if (exponent == 0) {
      float subnormal = mantissa * 0x1p-24f;
      return sign == 0 ? subnormal : -subnormal;
    }
    return Float.intBitsToFloat(sign | exponent + 112 << 23 | mantissa << 13);
  }

  /** Rounds to nearest, ties to even; beyond 65519 to infinity. */
  static short of(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = bits >>> 16 & 0x8000;
    float magnitude = Math.abs(value);
    if (Float.isNaN(value)) {
      return (short) (sign | 0x7e00);
    }
    if (magnitude >= 65520f) {
      return (short) (sign | 0x7c00);
    }
    if (magnitude < 0x1p-14f) {
      // Adding and taking away 2^-1 leaves the multiple of 2^-24 that is nearest.
      return (short) (sign | Float.floatToRawIntBits(magnitude + 0.5f) - 0x3f000000);
    }
    int rounded = (bits & 0x7fffffff) + 0xfff + (bits >>> 13 & 1);
    return (short) (sign | (rounded >>> 13) - (112 << 10));
  }

  static boolean holds(float value) {
    return toFloat(of(value)) == value;
  }
}
