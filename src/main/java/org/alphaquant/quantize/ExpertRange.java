package org.alphaquant.quantize;

/** Experts {@code from..to-1} of a layer. */
record ExpertRange(int from, int to) {

  int count() {
    return to - from;
  }
}
