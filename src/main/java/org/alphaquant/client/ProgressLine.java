package org.alphaquant.client;

import java.time.Duration;

/** Formats a job's progress as one line. */
final class ProgressLine {
  private static final int BAR = 20;

  private ProgressLine() {}

  /**
   * {@code [#####...............] 25 % quantize, layer 1 of 4 0:07 elapsed, about 0:20 left}
   *
   * @param sinceProgress time since {@code progress} was reported; shortens what remains
   */
  static String render(Progress progress, Duration elapsed, Duration sinceProgress) {
    StringBuilder line = new StringBuilder();
    progress.fraction().ifPresent(fraction -> line.append(bar(fraction)));
    line.append("%-37s  %s elapsed".formatted(progress.step(), clock(elapsed.toSeconds())));
    progress
        .remainingSeconds()
        .ifPresent(seconds -> line.append(left(seconds - sinceProgress.toSeconds())));
    return line.toString();
  }

  private static String bar(double fraction) {
    int full = (int) Math.round(fraction * BAR);
    int percent = (int) Math.floor(fraction * 100);
    return "[%s%s] %3d %%  ".formatted("#".repeat(full), ".".repeat(BAR - full), percent);
  }

  private static String left(long seconds) {
    return seconds > 0 ? ", about %s left".formatted(clock(seconds)) : ", nearly done";
  }

  /** Minutes and seconds, with hours where there are any. */
  static String clock(long seconds) {
    return seconds < 3600
        ? "%d:%02d".formatted(seconds / 60, seconds % 60)
        : "%d:%02d:%02d".formatted(seconds / 3600, seconds / 60 % 60, seconds % 60);
  }
}
