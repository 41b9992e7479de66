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
 * @param prompt tokens of calibration text at the start of each @param balanced whether experts are
 *     used evenly in them
 * @param epochs passes over all sequences
 * @param batch sequences per step
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
    Boolean balanced,
    Integer epochs,
    Integer batch,
    Integer window,
    Double latentRate,
    Double scaleRate,
    Double normRate,
    Long seed) {
  public DistillRequest {
    samples = (int) within("samples", orElse(samples, 400), 0, 65_536);
    sequences = (int) within("sequences", orElse(sequences, 2048), 0, 65_536);
    prompt = (int) within("prompt", orElse(prompt, 8), 1, 4096);
    balanced = orElse(balanced, false);
    epochs = (int) within("epochs", orElse(epochs, 3), 1, 100);
    batch = (int) within("batch", orElse(batch, 8), 1, 1024);
    if (window != null) {
      within("window", window, 1, 4096);
    }
    latentRate = within("latent_rate", orElse(latentRate, 2e-3), 0, 1);
    scaleRate = within("scale_rate", orElse(scaleRate, 0.01), 0, 1);
    normRate = within("norm_rate", orElse(normRate, 3e-4), 0, 1);
    seed = orElse(seed, 0L);
    if (samples + sequences == 0) {
      throw new SpecException("sequences", 0, "at least 1, or samples must be");
    }
  }

  static DistillRequest defaults() {
    return new DistillRequest(null, null, null, null, null, null, null, null, null, null, null);
  }
}
