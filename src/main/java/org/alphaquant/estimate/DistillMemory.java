package org.alphaquant.estimate;

/**
 * Memory that training a quantized model against its source takes, in 32-bit floats:
 *
 * <ul>
 *   <li>every weight of the original model and of the model in training once;
 *   <li>of each trained weight its latent value and Adam's two moments;
 *   <li>of the layer in the backward pass the gradient of each weight and two arrays of its size
 *       that the optimiser makes;
 *   <li>the residual stream that enters each layer, twice the activations of a layer, and a slice
 *       of the logits.
 * </ul>
 *
 * @param shape sizes of the largest layer
 * @param parameters of the model
 * @param trained quantized weights that are trained
 * @param tokens of a step
 */
public record DistillMemory(RunShape shape, long parameters, long trained, long tokens) {

  private static final int MODELS = 2;
  private static final int TRAINED_COPIES = 3;
  private static final int LAYER_COPIES = 3;

  /** Bytes of logits that exist at once. */
  public static final long LOGITS_BYTES = 1L << 30;

  /** The most that is on the device at a time. */
  public long deviceBytes() {
    long weights = MODELS * parameters + TRAINED_COPIES * trained + LAYER_COPIES * layer();
    long stream = (shape.layers() + 1L) * tokens * shape.hidden();
    return Float.BYTES * (weights + stream + 2 * activations()) + logits();
  }

  /** Activations that the forward passes of all layers record for the backward passes. */
  public long recordedBytes() {
    return 2 * Float.BYTES * activations() * shape.layers();
  }

  private long layer() {
    return shape.attentionWeights()
        + shape.denseWeights()
        + shape.experts() * shape.expertWeights();
  }

  // A layer's projections and activations, for every token.
  private long activations() {
    long attention = 4 * shape.attentionWeights() / shape.hidden();
    long dense = 4 * shape.denseWidth();
    long experts = shape.expertsPerToken() * (2 * shape.hidden() + 5 * shape.expertWidth());
    return tokens * (attention + dense + experts + 8 * shape.hidden());
  }

  private long logits() {
    return Math.min(LOGITS_BYTES, 8L * Float.BYTES * tokens * shape.vocabulary());
  }
}
