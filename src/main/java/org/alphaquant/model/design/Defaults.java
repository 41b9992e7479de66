package org.alphaquant.model.design;

/**
 * The values of keys that are missing in config.json.
 *
 * @param epsilon {@code rms_norm_eps}
 * @param positions {@code max_position_embeddings}
 * @param keyHeads {@code num_key_value_heads}, 0 for one per head
 * @param headDimension {@code head_dim}, 0 for hidden_size / heads
 * @param theta {@code rope_theta}
 * @param rotaryPart {@code partial_rotary_factor}
 */
public record Defaults(
    double epsilon,
    long positions,
    long keyHeads,
    long headDimension,
    double theta,
    double rotaryPart) {

  /** For families that rotate whole heads. */
  public Defaults(double epsilon, long positions, long keyHeads, long headDimension, double theta) {
    this(epsilon, positions, keyHeads, headDimension, theta, 1);
  }
}
