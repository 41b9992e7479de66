package org.alphaquant.job;

import static org.alphaquant.job.Limits.orElse;
import static org.alphaquant.job.Limits.within;

import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * Calibration text that the source model writes itself, each sequence from the beginning of a
 * sample of the given text.
 *
 * @param sequences number of sequences, each as long as a sample
 * @param prompt tokens of given text that each begins with
 * @param balanced whether they are written so that experts are used evenly
 * @param only whether the given text is not calibrated on itself
 * @param seed of all choices
 */
@JsonNaming(SnakeCaseStrategy.class)
public record SelfWrittenRequest(
    Integer sequences, Integer prompt, Boolean balanced, Boolean only, Long seed) {
  public SelfWrittenRequest {
    sequences = (int) within("sequences", orElse(sequences, 128), 1, 65_536);
    prompt = (int) within("prompt", orElse(prompt, 8), 1, 4096);
    balanced = orElse(balanced, false);
    only = orElse(only, false);
    seed = orElse(seed, 0L);
  }

  /** As many balanced sequences as samples, in their place. */
  static SelfWrittenRequest balanced(int samples) {
    return new SelfWrittenRequest(samples, null, true, true, null);
  }
}
