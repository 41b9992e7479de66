package org.alphaquant.model.design;

import org.alphaquant.architecture.ModuleKind;

/**
 * Grouped-query attention under {@code <layer>self_attn} behind its norm.
 *
 * @param layer name prefix of the layer's tensors, ending in a dot
 * @param clip limit that projections are clamped to after their norms; infinite for none
 * @param window keys a query sees at most, 0 for all
 * @param scale what scores are multiplied with
 * @param sinks whether a learned logit per head takes part in the softmax
 */
public record GroupedQueryDesign(
    String layer,
    NormDesign inputNorm,
    HeadShape heads,
    RotaryDesign rotary,
    boolean projectionBias,
    boolean outputBias,
    QueryKeyNorm norm,
    double clip,
    long window,
    double scale,
    boolean sinks,
    double residualFactor)
    implements AttentionDesign {

  /** Without biases, norms, clipping or window. */
  static GroupedQueryDesign plain(
      DecoderConfig decoder, int index, HeadShape heads, RotaryDesign rotary) {
    return new GroupedQueryDesign(
        decoder.layer(index),
        decoder.norm(decoder.layer(index) + "input_layernorm"),
        heads,
        rotary,
        false,
        false,
        QueryKeyNorm.NONE,
        Double.POSITIVE_INFINITY,
        0,
        1 / Math.sqrt(heads.dimension()),
        false,
        decoder.multipliers().residual());
  }

  public GroupedQueryDesign withBiases(boolean projections, boolean output) {
    return new GroupedQueryDesign(
        layer,
        inputNorm,
        heads,
        rotary,
        projections,
        output,
        norm,
        clip,
        window,
        scale,
        sinks,
        residualFactor);
  }

  public GroupedQueryDesign withNorm(QueryKeyNorm queryKeyNorm) {
    return new GroupedQueryDesign(
        layer,
        inputNorm,
        heads,
        rotary,
        projectionBias,
        outputBias,
        queryKeyNorm,
        clip,
        window,
        scale,
        sinks,
        residualFactor);
  }

  public GroupedQueryDesign withClip(double limit) {
    return new GroupedQueryDesign(
        layer,
        inputNorm,
        heads,
        rotary,
        projectionBias,
        outputBias,
        norm,
        limit,
        window,
        scale,
        sinks,
        residualFactor);
  }

  public GroupedQueryDesign withWindow(long keys) {
    return new GroupedQueryDesign(
        layer,
        inputNorm,
        heads,
        rotary,
        projectionBias,
        outputBias,
        norm,
        clip,
        keys,
        scale,
        sinks,
        residualFactor);
  }

  public GroupedQueryDesign withScale(double factor) {
    return new GroupedQueryDesign(
        layer,
        inputNorm,
        heads,
        rotary,
        projectionBias,
        outputBias,
        norm,
        clip,
        window,
        factor,
        sinks,
        residualFactor);
  }

  public GroupedQueryDesign withSinks() {
    return new GroupedQueryDesign(
        layer,
        inputNorm,
        heads,
        rotary,
        projectionBias,
        outputBias,
        norm,
        clip,
        window,
        scale,
        true,
        residualFactor);
  }

  String sinkTensor() {
    return layer + "self_attn.sinks";
  }

  LinearDesign query() {
    return projection("q_proj", heads.heads());
  }

  LinearDesign key() {
    return projection("k_proj", heads.keyHeads());
  }

  LinearDesign value() {
    return projection("v_proj", heads.keyHeads());
  }

  LinearDesign output() {
    long in = heads.heads() * heads.dimension();
    return new LinearDesign(layer + "self_attn.o_proj", inputNorm.width(), in, outputBias);
  }

  NormDesign queryNorm() {
    return projectionNorm("q_norm", heads.heads());
  }

  NormDesign keyNorm() {
    return projectionNorm("k_norm", heads.keyHeads());
  }

  @Override
  public String kind() {
    return "grouped-query";
  }

  @Override
  public void outline(Outline outline, int index) {
    inputNorm.outline(outline);
    for (LinearDesign linear : new LinearDesign[] {query(), key(), value(), output()}) {
      outline.linear(linear, ModuleKind.ATTENTION, index, -1);
    }
    if (norm != QueryKeyNorm.NONE) {
      queryNorm().outline(outline);
      keyNorm().outline(outline);
    }
    if (sinks) {
      outline.tensor(sinkTensor(), heads.heads());
    }
  }

  @Override
  public GroupedQueryAttention load(WeightReader reader) {
    return new GroupedQueryAttention(this, reader);
  }

  private LinearDesign projection(String name, long count) {
    long out = count * heads.dimension();
    return new LinearDesign(layer + "self_attn." + name, out, inputNorm.width(), projectionBias);
  }

  private NormDesign projectionNorm(String name, long count) {
    long width = norm == QueryKeyNorm.PER_HEAD ? heads.dimension() : count * heads.dimension();
    return new NormDesign(layer + "self_attn." + name, width, inputNorm.epsilon());
  }
}
