package org.alphaquant.storage.gguf;

import java.util.Random;

/** Codes and scales at random, over the whole range that a type has. */
final class MadeCodes {

  private MadeCodes() {}

  static BlockCodes of(GgufType type, int elements, long seed) {
    Random random = new Random(seed);
    byte[] codes = new byte[elements];
    for (int i = 0; i < elements; i++) {
      codes[i] = (byte) random.nextInt(codes(type));
    }
    int groups = elements / type.groupSize();
    float[] scale = new float[groups];
    float[] minimum = new float[type.hasMinimum() ? groups : 0];
    float[] outer = new float[type.hasTwoLevels() ? elements / 256 * levels(type) : 0];
    for (int i = 0; i < outer.length; i++) {
      outer[i] = half(random, 1e-4f);
    }
    for (int g = 0; g < groups; g++) {
      int block = g * type.groupSize() / 256 * levels(type);
      scale[g] = type.hasTwoLevels() ? outer[block] * multiple(type, random) : scale(type, random);
      if (type.hasMinimum()) {
        minimum[g] =
            type.hasTwoLevels()
                ? -outer[block + 1] * random.nextInt(most(type) + 1)
                : -half(random, 0.05f);
      }
    }
    return new BlockCodes(codes, scale, minimum, outer, type.groupSize());
  }

  private static int levels(GgufType type) {
    return type.hasMinimum() ? 2 : 1;
  }

  private static int codes(GgufType type) {
    return switch (type) {
      case Q2_K -> 4;
      case Q3_K -> 8;
      case Q5_0, Q5_1, Q5_K -> 32;
      case Q6_K -> 64;
      case Q8_0 -> 256;
      default -> 16;
    };
  }

  private static int most(GgufType type) {
    return type == GgufType.Q2_K ? 15 : 63;
  }

  private static int multiple(GgufType type, Random random) {
    return switch (type) {
      case Q3_K -> random.nextInt(64) - 32;
      case Q6_K -> random.nextInt(256) - 128;
      default -> random.nextInt(most(type) + 1);
    };
  }

  private static float scale(GgufType type, Random random) {
    return switch (type) {
      case MXFP4 -> Math.scalb(1f, random.nextInt(40) - 30);
      case NVFP4 -> FixedValues.e4m3(random.nextInt(127));
      default -> half(random, 0.01f);
    };
  }

  private static float half(Random random, float size) {
    return Half.toFloat(Half.of(size * (0.1f + random.nextFloat())));
  }
}
