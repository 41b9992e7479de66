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
 * @param vocabulary rows of the embedding and of the head
 * @param tokens calibration tokens, all samples together
 * @param attentionInput inputs of attention's widest projection
 */
public record RunShape(
    int layers,
    long hidden,
    long attentionWeights,
    int experts,
    int expertsPerToken,
    long expertWidth,
    long denseWidth,
    long vocabulary,
    long tokens,
    long attentionInput) {
  public RunShape {
    if (layers <= 0 || hidden <= 0 || attentionWeights <= 0 || vocabulary <= 0 || tokens <= 0) {
      throw new IllegalArgumentException(
          "layers %d, hidden %d, attention weights %d, vocabulary %d and tokens %d must be positive"
              .formatted(layers, hidden, attentionWeights, vocabulary, tokens));
    }
    if (experts < 0 || expertsPerToken > experts || (experts > 0) != (expertWidth > 0)) {
      throw new IllegalArgumentException(
          "%d experts of width %d, %d per token, do not fit together"
              .formatted(experts, expertWidth, expertsPerToken));
    }
  }

  /** The same with another number of experts that each token is calibrated on. */
  public RunShape covering(int expertsOfToken) {
    return new RunShape(
        layers,
        hidden,
        attentionWeights,
        experts,
        expertsOfToken,
        expertWidth,
        denseWidth,
        vocabulary,
        tokens,
        attentionInput);
  }

  public long expertWeights() {
    return 3 * hidden * expertWidth;
  }

  public long denseWeights() {
    return 3 * hidden * denseWidth;
  }

  /** Inputs of the widest projection that every token passes. */
  public long widestInput() {
    return Math.max(hidden, denseWidth);
  }

  /** Rows of the tallest stack of projections that every token passes and that share an input. */
  public long widestOutput() {
    return Math.max(attentionWeights / hidden, 2 * denseWidth);
  }

  /** The embedding as it is stored, in 16 bits. */
  public long embeddingBytes() {
    return Short.BYTES * vocabulary * hidden;
  }
}
