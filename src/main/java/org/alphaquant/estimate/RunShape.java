package org.alphaquant.estimate;

/**
 * The sizes that decide what a run needs. A dense model has no experts, and its MLP is given as the
 * dense width.
 *
 * @param layers decoder layers
 * @param hidden width of the residual stream
 * @param attentionWeights weights of all attention projections of one layer
 * @param experts routed experts of a layer, 0 in a dense model
 * @param expertsPerToken experts that each token visits
 * @param expertWidth width between an expert's up and down projection
 * @param denseWidth the same of the dense MLP or shared expert; 0 without one
 * @param tokens calibration tokens, all samples together
 */
public record RunShape(
    int layers,
    long hidden,
    long attentionWeights,
    int experts,
    int expertsPerToken,
    long expertWidth,
    long denseWidth,
    long tokens) {
  public RunShape {
    if (layers <= 0 || hidden <= 0 || attentionWeights <= 0 || tokens <= 0) {
      throw new IllegalArgumentException(
          "layers %d, hidden %d, attention weights %d and tokens %d must be positive"
              .formatted(layers, hidden, attentionWeights, tokens));
    }
    if (experts < 0 || expertsPerToken > experts || (experts > 0) != (expertWidth > 0)) {
      throw new IllegalArgumentException(
          "%d experts of width %d, %d per token, do not fit together"
              .formatted(experts, expertWidth, expertsPerToken));
    }
  }

  public long expertWeights() {
    return 3 * hidden * expertWidth;
  }

  public long denseWeights() {
    return 3 * hidden * denseWidth;
  }

  /** Inputs of the widest projection that is solved on its own. */
  public long widestInput() {
    return Math.max(hidden, Math.max(denseWidth, expertWidth));
  }
}
