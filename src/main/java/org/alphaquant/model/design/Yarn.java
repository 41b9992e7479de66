package org.alphaquant.model.design;

import ai.djl.ndarray.NDArray;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.torch.TensorScope;

/**
 * YaRN (Peng et al. 2023, arXiv 2309.00071): pairs below {@code low} keep their frequency, pairs
 * above {@code high} are interpolated by {@code factor}.
 */
record Yarn(double theta, double factor, double low, double high, double attention)
    implements Frequencies {

  static Yarn read(RotaryConfig rotary, long width) {
    ModelConfig settings = rotary.settings();
    double positions = rotary.original();
    double factor =
        settings.missingOrNull("factor") ? rotary.positions() / positions : rotary.factor();
    double low = pair(rotary, width, orDefault(settings, "beta_fast", 32), positions);
    double high = pair(rotary, width, orDefault(settings, "beta_slow", 1), positions);
    if (settings.flag("truncate", true)) {
      low = Math.floor(low);
      high = Math.ceil(high);
    }
    low = Math.max(low, 0);
    high = Math.min(high, width - 1.0);
    return new Yarn(
        rotary.theta(),
        factor,
        low,
        high == low ? high + 0.001 : high,
        attention(settings, factor));
  }

  /** The factor on attention that a stretch of the context calls for. */
  static double mscale(double stretch, double weight) {
    return stretch <= 1 ? 1 : 0.1 * weight * Math.log(stretch) + 1;
  }

  @Override
  public double attentionFactor(long length) {
    return attention;
  }

  @Override
  public NDArray compute(TensorScope scope, long width, long length) {
    return scope.run("rope.yarn_frequencies", width, theta, factor, low, high);
  }

  private static double attention(ModelConfig settings, double factor) {
    double mscale = orDefault(settings, "mscale", 0);
    double allDimensions = orDefault(settings, "mscale_all_dim", 0);
    double derived =
        mscale != 0 && allDimensions != 0
            ? mscale(factor, mscale) / mscale(factor, allDimensions)
            : mscale(factor, 1);
    return settings.aboveZeroOrNull("attention_factor").orElse(derived);
  }

  // The (fractional) index of the pair that turns the given number of times over the original
  // context.
  private static double pair(RotaryConfig rotary, long width, double turns, double positions) {
    return width * Math.log(positions / (turns * 2 * Math.PI)) / (2 * Math.log(rotary.theta()));
  }

  private static double orDefault(ModelConfig settings, String key, double value) {
    double given = settings.fromZeroOrNull(key).orElse(value);
    return given == 0 ? value : given;
  }
}
