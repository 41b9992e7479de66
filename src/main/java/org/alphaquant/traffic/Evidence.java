package org.alphaquant.traffic;

import java.util.Map;

/**
 * What each (token, slot) pair of a calibration text counts beside its routing weight: the weight
 * of its place in the text, times the factor of its expert.
 *
 * @param span tokens of a sample that share a weight; the last of a sample may be fewer
 * @param weights of every sample's spans, [samples][spans], one on average
 * @param factors of every expert by layer, for what weights of the text cannot reach
 */
public record Evidence(int span, float[][] weights, Map<Integer, float[]> factors) {

  /** Weights of the tokens of samples {@code first..last-1}, each of {@code length}. */
  public float[] tokens(int first, int last, int length) {
    float[] tokens = new float[(last - first) * length];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = weights[first + i / length][i % length / span];
    }
    return tokens;
  }
}
