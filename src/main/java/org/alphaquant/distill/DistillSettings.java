package org.alphaquant.distill;

/**
 * How a quantized model is trained.
 *
 * @param epochs passes over all sequences, at least 1
 * @param batch sequences of a step
 * @param latentRate largest learning rate of latent weights, in steps of their grid
 * @param scaleRate that of real scales, as a fraction of their mean
 * @param normRate that of RMSNorm weights
 * @param seed of the sequences' order
 */
public record DistillSettings(
    int epochs, int batch, double latentRate, double scaleRate, double normRate, long seed) {

  public DistillSettings {
    require(epochs >= 1, "epochs", epochs, "at least 1");
    require(batch >= 1, "batch", batch, "at least 1");
    require(latentRate >= 0, "the latent weights' learning rate", latentRate, "at least 0");
    require(scaleRate >= 0, "the scales' learning rate", scaleRate, "at least 0");
    require(normRate >= 0, "the norms' learning rate", normRate, "at least 0");
  }

  /** Steps of the whole training on this many sequences. */
  public int steps(int sequences) {
    return epochs * ((sequences + batch - 1) / batch);
  }

  private static void require(boolean holds, String name, Object value, String limit) {
    if (!holds) {
      throw new IllegalArgumentException("%s is %s; it must be %s".formatted(name, value, limit));
    }
  }
}
