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
    return deviceBytes(shape.layers());
  }

  /**
   * The same where so many layers are trained at a time: of the rest of both models there is a
   * layer of the original, when the stream passes it, and what is before and behind the layers.
   */
  public long deviceBytes(int window) {
    long edge = shape.vocabulary() * shape.hidden();
    boolean all = window >= shape.layers();
    long models = all ? MODELS * parameters : (window + 1) * layer() + MODELS * 2 * edge;
    long moving = all ? trained : Math.min(trained, window * layer() + edge);
    long weights = models + TRAINED_COPIES * moving + LAYER_COPIES * layer();
    long stream = (window + 1L) * tokens * shape.hidden();
    return Float.BYTES * (weights + stream + 2 * activations()) + logits();
  }

  /**
   * Most layers that may be trained at a time within some bytes of a device; 0 where not even one.
   */
  public int largestWindow(long bytes) {
    int window = shape.layers();
    while (window > 0 && deviceBytes(window) > bytes) {
      window--;
    }
    return window;
  }

  /** Bytes of files in which the streams of all sequences lie between windows. */
  public long streamBytes(long sequences, long length) {
    return MODELS * Float.BYTES * sequences * length * shape.hidden();
  }

  /** What the forward passes of so many layers together record for their backward passes. */
  public long recordedBytes(int window) {
    return 2 * Float.BYTES * activations() * window;
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
