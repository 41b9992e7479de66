package org.alphaquant.quantize;

/** Experts {@code from..to-1} of a layer, of which each device of a group solves its part. */
record ExpertRange(int from, int to) {

  int count() {
    return to - from;
  }

  /** The first expert of a rank's part. */
  int ownFrom(Rank rank) {
    return from + rank.begin(count());
  }

  /** The end of a rank's part. */
  int ownTo(Rank rank) {
    return from + rank.end(count());
  }
}
