package org.alphaquant.run;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Text of the calibration's sources that is not calibrated on. */
final class HeldOutText {

  private HeldOutText() {}

  /**
   * Samples held out from calibration: the last ones of a longer selection that the shorter one
   * does not have, or of the shorter one itself where the text gives no more.
   *
   * @param calibrated token ids of the calibration
   * @param more token ids of a longer selection of the same sources
   * @param count maximum number of samples
   */
  static long[][] of(long[][] calibrated, long[][] more, int count) {
    Set<List<Long>> known = new HashSet<>();
    for (long[] sample : calibrated) {
      known.add(boxed(sample));
    }
    long[][] others =
        Arrays.stream(more)
            .filter(sample -> !known.contains(boxed(sample)))
            .filter(sample -> sample.length == more[0].length)
            .toArray(long[][]::new);
    long[][] from = others.length == 0 ? calibrated : others;
    return Arrays.copyOfRange(from, Math.max(0, from.length - count), from.length);
  }

  private static List<Long> boxed(long[] sample) {
    return Arrays.stream(sample).boxed().toList();
  }
}
