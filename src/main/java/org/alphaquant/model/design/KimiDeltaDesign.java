package org.alphaquant.model.design;

import java.util.List;
import java.util.stream.Stream;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.model.block.WeightReader;

/**
 * Kimi delta attention (Kimi Linear, arXiv 2510.26692, section 3) in the place of attention: a
 * gated delta net that forgets channel by channel. The linears that make decays, betas and the
 * output's gate are narrow and never quantized, nor are the convolutions.
 *
 * @param module name of the block, without a dot behind
 * @param width of a head's queries, keys and values
 * @param kernel latest values that the convolutions see
 */
public record KimiDeltaDesign(
    String module, ResidualDesign residual, long heads, long width, long kernel)
    implements AttentionDesign {

  long inner() {
    return heads * width;
  }

  /** Queries, keys and values. */
  List<LinearDesign> inputs() {
    return Stream.of("q_proj", "k_proj", "v_proj")
        .map(name -> linear(name, inner(), residual.width()))
        .toList();
  }

  LinearDesign output() {
    return linear("o_proj", residual.width(), inner());
  }

  /** What makes betas. */
  LinearDesign beta() {
    return linear("b_proj", heads, residual.width());
  }

  /** The two linears of the decays ({@code f}) or of the output's gate ({@code g}). */
  List<LinearDesign> narrow(String which) {
    return List.of(
        linear(which + "_a_proj", width, residual.width()),
        linear(which + "_b_proj", inner(), width));
  }

  /** Names of the filters of queries, keys and values. */
  List<String> convolutions() {
    return Stream.of("q", "k", "v").map(name -> tensor(name + "_conv1d.weight")).toList();
  }

  NormDesign norm() {
    return new NormDesign(tensor("o_norm"), width, residual.epsilon());
  }

  String tensor(String name) {
    return module + "." + name;
  }

  @Override
  public String kind() {
    return "kimi-delta-attention";
  }

  @Override
  public void outline(Outline outline, int index) {
    residual.outline(outline);
    inputs().forEach(linear -> outline.linear(linear, ModuleKind.ATTENTION, index, -1));
    outline.linear(output(), ModuleKind.ATTENTION, index, -1);
    Stream.of(narrow("f"), narrow("g"), List.of(beta()))
        .flatMap(List::stream)
        .forEach(linear -> outline.tensor(linear.weight(), linear.out(), linear.in()));
    convolutions().forEach(name -> outline.tensor(name, inner(), 1, kernel));
    norm().outline(outline);
    outline.tensor(tensor("A_log"), 1, 1, heads, 1);
    outline.tensor(tensor("dt_bias"), inner());
  }

  @Override
  public KimiDelta load(WeightReader reader) {
    return new KimiDelta(this, reader);
  }

  private LinearDesign linear(String name, long out, long in) {
    return new LinearDesign(tensor(name), out, in);
  }
}
