package org.alphaquant.model.design;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.model.block.WeightReader;

/**
 * Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, section 2.1) under {@code
 * <layer>self_attn}, behind {@code <layer>input_layernorm}.
 *
 * @param layer name prefix of the layer's tensors, ending in a dot
 * @param rotary of the keys' shared part; mostly there
 * @param indexer what chooses the keys of long sequences (DeepSeek-V3.2); mostly absent
 * @param growth how queries grow with position; mostly not at all
 * @param bias whether q_a, kv_a and o have biases
 */
public record LatentDesign(
    String layer,
    ResidualDesign residual,
    LatentShape shape,
    Optional<RotaryDesign> rotary,
    boolean bias,
    double scale,
    Optional<IndexerDesign> indexer,
    Optional<PositionScale> growth)
    implements AttentionDesign {

  // Fixed by the modeling code; rms_norm_eps does not reach these two norms.
  private static final double LATENT_EPSILON = 1e-6;

  /** With the scale (dn + dr)^-1/2, times what the rotary settings add to it. */
  public static LatentDesign of(
      DecoderConfig decoder,
      int index,
      LatentShape shape,
      RotaryConfig rotary,
      boolean interleaved,
      boolean bias) {
    double scale = rotary.latentScaleFactor() / Math.sqrt(shape.plain() + shape.rotated());
    Optional<RotaryDesign> design = Optional.of(rotary.design(shape.rotated(), interleaved));
    return new LatentDesign(
        decoder.layer(index),
        decoder.attentionResidual(index),
        shape,
        design,
        bias,
        scale,
        Optional.empty(),
        Optional.empty());
  }

  /** Without rotation (Kimi Linear). */
  public static LatentDesign unrotated(
      DecoderConfig decoder, int index, LatentShape shape, boolean bias) {
    return new LatentDesign(
        decoder.layer(index),
        decoder.attentionResidual(index),
        shape,
        Optional.empty(),
        bias,
        1 / Math.sqrt(shape.plain() + shape.rotated()),
        Optional.empty(),
        Optional.empty());
  }

  /** The same over the keys that an indexer chooses. */
  public LatentDesign choosing(IndexerDesign chooser) {
    return new LatentDesign(
        layer, residual, shape, rotary, bias, scale, Optional.of(chooser), growth);
  }

  /** The same with queries that grow. */
  public LatentDesign growing(Optional<PositionScale> how) {
    return new LatentDesign(layer, residual, shape, rotary, bias, scale, indexer, how);
  }

  boolean compressed() {
    return shape.queryRank().isPresent();
  }

  /** q_proj, or q_a_proj where queries are compressed. */
  LinearDesign queryDown() {
    return compressed()
        ? linear("q_a_proj", shape.queryRank().getAsLong(), residual.width(), bias)
        : linear("q_proj", queries(), residual.width(), false);
  }

  NormDesign queryNorm() {
    return norm("q_a_layernorm", shape.queryRank().getAsLong());
  }

  LinearDesign queryUp() {
    return linear("q_b_proj", queries(), shape.queryRank().getAsLong(), false);
  }

  LinearDesign keyValueDown() {
    return linear("kv_a_proj_with_mqa", shape.rank() + shape.rotated(), residual.width(), bias);
  }

  NormDesign keyValueNorm() {
    return norm("kv_a_layernorm", shape.rank());
  }

  LinearDesign keyValueUp() {
    long out = shape.heads() * (shape.plain() + shape.value());
    return linear("kv_b_proj", out, shape.rank(), false);
  }

  LinearDesign output() {
    return linear("o_proj", residual.width(), shape.heads() * shape.value(), bias);
  }

  @Override
  public String kind() {
    return "latent";
  }

  @Override
  public void outline(Outline outline, int index) {
    List<LinearDesign> linears = new ArrayList<>(List.of(queryDown(), keyValueDown()));
    List<NormDesign> norms = new ArrayList<>(List.of(keyValueNorm()));
    if (compressed()) {
      linears.add(queryUp());
      norms.add(queryNorm());
    }
    linears.addAll(List.of(keyValueUp(), output()));
    residual.outline(outline);
    indexer.ifPresent(chooser -> chooser.outline(outline));
    norms.forEach(norm -> norm.outline(outline));
    linears.forEach(linear -> outline.linear(linear, ModuleKind.ATTENTION, index, -1));
  }

  @Override
  public LatentAttention load(WeightReader reader) {
    return new LatentAttention(this, reader);
  }

  private long queries() {
    return shape.heads() * (shape.plain() + shape.rotated());
  }

  private LinearDesign linear(String name, long out, long in, boolean withBias) {
    return new LinearDesign(layer + "self_attn." + name, out, in, withBias);
  }

  private NormDesign norm(String name, long width) {
    return new NormDesign(layer + "self_attn." + name, width, LATENT_EPSILON);
  }
}
