package org.alphaquant.model.design;

import java.util.List;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.model.block.WeightReader;

/**
 * A gated delta net (Yang et al. 2024, arXiv 2412.06464) under {@code <layer>linear_attn} in the
 * place of attention. The linears that make decays and betas, the convolution and the decay's
 * parameters are never quantized: they are small and the state depends on them.
 *
 * @param layer name prefix of the layer's tensors, ending in a dot
 * @param joint whether projections are stored as Qwen3-Next has them, a key head's parts side by
 *     side, rather than as four linears
 */
public record DeltaNetDesign(
    String layer, ResidualDesign residual, DeltaNetShape shape, boolean joint)
    implements AttentionDesign {

  /** The linears of the first stage, which are quantized. */
  List<LinearDesign> inputs() {
    long keys = shape.keys();
    long values = shape.values();
    return joint
        ? List.of(linear("in_proj_qkvz", 2 * keys + 2 * values))
        : List.of(linear("in_proj_qkv", 2 * keys + values), linear("in_proj_z", values));
  }

  /** The linears that make betas and decays. */
  List<LinearDesign> steps() {
    long heads = shape.valueHeads();
    return joint
        ? List.of(linear("in_proj_ba", 2 * heads))
        : List.of(linear("in_proj_b", heads), linear("in_proj_a", heads));
  }

  LinearDesign output() {
    return new LinearDesign(name("out_proj"), residual.width(), shape.values());
  }

  NormDesign norm() {
    return new NormDesign(name("norm"), shape.valueWidth(), residual.epsilon());
  }

  String convolution() {
    return name("conv1d.weight");
  }

  String decays() {
    return name("A_log");
  }

  String decayBias() {
    return name("dt_bias");
  }

  @Override
  public String kind() {
    return "gated-delta-net";
  }

  @Override
  public void outline(Outline outline, int index) {
    residual.outline(outline);
    inputs().forEach(linear -> outline.linear(linear, ModuleKind.ATTENTION, index, -1));
    steps().forEach(linear -> outline.tensor(linear.weight(), linear.out(), linear.in()));
    outline.linear(output(), ModuleKind.ATTENTION, index, -1);
    norm().outline(outline);
    outline.tensor(convolution(), 2 * shape.keys() + shape.values(), 1, shape.kernel());
    outline.tensor(decays(), shape.valueHeads());
    outline.tensor(decayBias(), shape.valueHeads());
  }

  @Override
  public DeltaNet load(WeightReader reader) {
    return new DeltaNet(this, reader);
  }

  private LinearDesign linear(String name, long out) {
    return new LinearDesign(name(name), out, residual.width());
  }

  private String name(String part) {
    return layer + "linear_attn." + part;
  }
}
