package org.alphaquant.model.design;

/**
 * Constant factors of a model that was trained with them.
 *
 * @param embedding on token embeddings
 * @param residual on the output of every block before it joins the residual stream
 * @param logits on the logits
 */
public record Multipliers(double embedding, double residual, double logits) {

  public static final Multipliers NONE = new Multipliers(1, 1, 1);
}
