package org.alphaquant.scheme;

import java.util.List;
import org.alphaquant.format.NumberFormat;

/** Messages about formats with a fixed block size. */
final class Blocks {
  private Blocks() {}

  static String mismatch(NumberFormat format, int groupSize) {
    return "group_size is %d but %s has one scale for every %d weights, so it must be a multiple of that"
        .formatted(groupSize, format.jsonName(), format.blockSize());
  }

  static List<String> multiples(NumberFormat format) {
    int block = format.blockSize();
    return List.of(-1, block, 2 * block, 4 * block).stream().map(String::valueOf).toList();
  }

  static String inside(NumberFormat format, int groupSize) {
    String group = groupSize < 0 ? "each row" : "each group of " + groupSize;
    return "%s keeps its own scale for every %d weights inside %s"
        .formatted(format.jsonName(), format.blockSize(), group);
  }
}
