package org.alphaquant.model.design;

import org.alphaquant.model.block.Activation;

/**
 * The differences of a family's decoder from Llama's.
 *
 * @param norm kind of every norm of the residual stream
 * @param activation of the feed-forward blocks
 * @param headBias whether the head has a bias
 * @param logitCap c in c * tanh(logits / c), 0 for none
 * @param tied default of {@code tie_word_embeddings}
 */
public record Style(
    NormKind norm,
    Activation activation,
    boolean headBias,
    Multipliers multipliers,
    double logitCap,
    boolean tied) {

  /** RMSNorm and SwiGLU. */
  public static final Style PLAIN =
      new Style(NormKind.RMS, Activation.SWIGLU, false, Multipliers.NONE, 0, false);

  /** The plain style with constant factors. */
  public static Style with(Multipliers multipliers) {
    return new Style(NormKind.RMS, Activation.SWIGLU, false, multipliers, 0, false);
  }

  /** The same for families that share embedding and head unless config.json says otherwise. */
  public Style tiedUnlessSaid() {
    return new Style(norm, activation, headBias, multipliers, logitCap, true);
  }
}
