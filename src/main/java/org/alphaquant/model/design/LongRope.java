package org.alphaquant.model.design;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.alphaquant.torch.TensorScope;

/**
 * LongRoPE (Ding et al. 2024, arXiv 2402.13753): one stretch factor per pair, of two sets by
 * whether the sequence is longer than the original context.
 */
record LongRope(
    double theta,
    List<Double> shortFactors,
    List<Double> longFactors,
    double positions,
    double attentionFactor)
    implements Frequencies {

  static LongRope read(RotaryConfig rotary, long width) {
    ModelConfig settings = rotary.settings();
    double positions = rotary.originalPositions();
    double stretch =
        settings.missingOrNull("factor") ? rotary.positions() / positions : rotary.factor();
    double derived = stretch <= 1 ? 1 : Math.sqrt(1 + Math.log(stretch) / Math.log(positions));
    return new LongRope(
        rotary.theta(),
        factors(settings, "short_factor", width),
        factors(settings, "long_factor", width),
        positions,
        settings.numberOrNull("attention_factor").orElse(derived));
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

  private static List<Double> factors(ModelConfig settings, String key, long width) {
    List<Double> factors = settings.numbersOrNull(key);
    if (factors.size() != width / 2) {
      throw settings.wrong(key, "has " + factors.size() + " entries; it must have " + width / 2);
    }
    return factors;
  }
}
