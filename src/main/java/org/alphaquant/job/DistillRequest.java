package org.alphaquant.job;

import static org.alphaquant.job.Limits.orElse;
import static org.alphaquant.job.Limits.within;

import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * How the result is trained against the source model, on calibration text and on text that the
 * source model generates.
 *
 * @param samples maximum number of samples of calibration text to train on
 * @param sequences number of sequences that the source model generates, as long as the samples
 * @param prompt fewest tokens of calibration text at the start of each
 * @param promptShare largest part of each that is calibration text; how much is drawn for each
 *     between the two. Text written evenly takes {@code prompt} tokens
 * @param balanced whether experts are used evenly in them
 * @param epochs passes over all sequences
 * @param batch sequences per step; by default as many as have 8,192 tokens, from 8 to 16
 * @param window layers in training at a time; null for all of them, or as many as fit the memory
 * @param latentRate peak learning rate of the weights, in steps of their grid
 * @param scaleRate peak learning rate of the scales, as a fraction of their mean
 * @param normRate peak learning rate of the norms' weights
 * @param seed seed of the generated text and of the order
 */
@JsonNaming(SnakeCaseStrategy.class)
public record DistillRequest(
    Integer samples,
    Integer sequences,
    Integer prompt,
    Double promptShare,
    Boolean balanced,
    Integer epochs,
    Integer batch,
    Integer window,
    Double latentRate,
    Double scaleRate,
    Double normRate,
    Long seed) {

  private static final int STEP_TOKENS = 8192;

  public DistillRequest {
    samples = (int) within("samples", orElse(samples, 400), 0, 65_536);
    sequences = (int) within("sequences", orElse(sequences, 4096), 0, 65_536);
    prompt = (int) within("prompt", orElse(prompt, 8), 1, 4096);
    promptShare = within("prompt_share", orElse(promptShare, 0.5), 0, 1);
    balanced = orElse(balanced, false);
    epochs = (int) within("epochs", orElse(epochs, 3), 1, 100);
    if (batch != null) {
      within("batch", batch, 1, 1024);
    }
    if (window != null) {
      within("window", window, 1, 4096);
    }
    latentRate = within("latent_rate", orElse(latentRate, 2e-3), 0, 1);
    scaleRate = within("scale_rate", orElse(scaleRate, 5e-4), 0, 1);
    normRate = within("norm_rate", orElse(normRate, 3e-4), 0, 1);
    seed = orElse(seed, 0L);
    if (samples + sequences == 0) {
      throw new SpecException("sequences", 0, "at least 1, or samples must be");
    }
  }

  /** The same for sequences of so many tokens, with everything decided. */
  DistillRequest of(int sequenceLength) {
    int sized = Math.max(8, Math.min(16, STEP_TOKENS / sequenceLength));
    return new DistillRequest(
        samples,
        sequences,
        prompt,
        promptShare,
        balanced,
        epochs,
        orElse(batch, sized),
        window,
        latentRate,
        scaleRate,
        normRate,
        seed);
  }

  /** Tokens of calibration text at the start of a written sequence, fewest and most. */
  public int[] prompts(int length) {
    int fewest = Math.min(prompt, length - 1);
    return new int[] {fewest, Math.max(fewest, (int) (promptShare * (length - 1)))};
  }

  static DistillRequest defaults() {
    return new DistillRequest(
        null, null, null, null, null, null, null, null, null, null, null, null);
  }
}
