package org.alphaquant.model.design;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.torch.TensorScope;

/**
 * LongRoPE (Ding et al. 2024, arXiv 2402.13753): one stretch factor per pair, of two sets by
 * whether the sequence is longer than the original context.
 *
 * @param positions the original context
 * @param shortAttention factor on cos and sin up to that length
 * @param longAttention factor beyond
 */
record LongRope(
    double theta,
    List<Double> shortFactors,
    List<Double> longFactors,
    double positions,
    double shortAttention,
    double longAttention)
    implements Frequencies {

  static LongRope read(RotaryConfig rotary, long width) {
    ModelConfig settings = rotary.settings();
    double positions = rotary.original();
    List<Double> shortFactors = factors(settings, "short_factor", width);
    List<Double> longFactors = factors(settings, "long_factor", width);
    // Phi-MoE: the reference implementation keeps the short factors at every length.
    boolean mscales = !settings.missingOrNull("short_mscale");
    double derived = attention(rotary, settings, positions);
    return new LongRope(
        rotary.theta(),
        shortFactors,
        mscales ? shortFactors : longFactors,
        positions,
        mscales ? settings.aboveZero("short_mscale") : derived,
        mscales ? settings.aboveZero("long_mscale") : derived);
  }

  @Override
  public NDArray compute(TensorScope scope, long width, long length) {
    List<Double> factors = length > positions ? longFactors : shortFactors;
    float[] values = new float[factors.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = factors.get(i).floatValue();
    }
    return scope.run("rope.long_frequencies", width, theta, scope.floats(values, values.length));
  }

  @Override
  public double attentionFactor(long length) {
    return length > positions ? longAttention : shortAttention;
  }

  private static double attention(RotaryConfig rotary, ModelConfig settings, double positions) {
    double stretch =
        settings.missingOrNull("factor") ? rotary.positions() / positions : rotary.factor();
    double derived = stretch <= 1 ? 1 : Math.sqrt(1 + Math.log(stretch) / Math.log(positions));
    return settings.aboveZeroOrNull("attention_factor").orElse(derived);
  }

  private static List<Double> factors(ModelConfig settings, String key, long width) {
    List<Double> factors = settings.numbersOrNull(key);
    if (factors.size() != width / 2) {
      throw settings.wrong(key, "has " + factors.size() + " entries; it must have " + width / 2);
    }
    if (!factors.stream().allMatch(factor -> factor > 0)) {
      throw settings.wrong(key, "is " + factors + "; every factor must be above 0");
    }
    return factors;
  }
}
