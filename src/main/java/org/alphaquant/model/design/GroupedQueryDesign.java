package org.alphaquant.model.design;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.model.block.WeightReader;

/**
 * Grouped-query attention.
 *
 * @param module name of the block, without a dot behind
 * @param rotary empty without rotary embedding (NoPE)
 */
public record GroupedQueryDesign(
    String module,
    ResidualDesign residual,
    HeadShape heads,
    Optional<RotaryDesign> rotary,
    Projections projections,
    Scores scores)
    implements AttentionDesign {

  /** The same in another place of the residual stream. */
  public GroupedQueryDesign in(ResidualDesign place) {
    return new GroupedQueryDesign(module, place, heads, rotary, projections, scores);
  }

  /** The same under another name. */
  public GroupedQueryDesign named(String other) {
    return new GroupedQueryDesign(other, residual, heads, rotary, projections, scores);
  }

  /** The same with another rotation, or none. */
  public GroupedQueryDesign rotated(Optional<RotaryDesign> other) {
    return new GroupedQueryDesign(module, residual, heads, other, projections, scores);
  }

  Optional<String> sinkTensor() {
    return scores.sinks().map(name -> module + "." + name);
  }

  /** The linears of the first stage: queries, keys and values, and a gate where it is one. */
  List<LinearDesign> inputs() {
    long queries = heads.heads() * heads.dimension();
    long keys = heads.keyHeads() * heads.dimension();
    if (projections.joint()) {
      return List.of(projection("qkv_proj", queries + 2 * keys));
    }
    boolean gated = projections.gate() == OutputGate.IN_QUERY;
    List<LinearDesign> linears = new ArrayList<>();
    linears.add(projection("q_proj", gated ? 2 * queries : queries));
    linears.add(projection("k_proj", keys));
    if (projections.values() != Projections.Values.NORMALISED_KEYS) {
      linears.add(projection("v_proj", heads.keyHeads() * heads.valueDimension()));
    }
    linears.addAll(projections.gate().linear(module + ".", heads, hidden()));
    return linears;
  }

  /** Whether the values are among the rows of one of the {@link #inputs}. */
  boolean makesValues(LinearDesign input) {
    return input.name().endsWith(projections.joint() ? ".qkv_proj" : ".v_proj");
  }

  Optional<NormDesign> valueNorm() {
    return projections.values() == Projections.Values.PLAIN
        ? Optional.empty()
        : Optional.of(
            new NormDesign(
                module + ".v_norm",
                heads.valueDimension(),
                residual.epsilon(),
                NormKind.RMS_WITHOUT_WEIGHT));
  }

  LinearDesign output() {
    return new LinearDesign(
        module + "." + projections.output(),
        hidden(),
        heads.attended(),
        projections.biases().output());
  }

  NormDesign queryNorm() {
    return projectionNorm(0, heads.heads());
  }

  NormDesign keyNorm() {
    return projectionNorm(1, heads.keyHeads());
  }

  boolean normalised() {
    return projections.norm().extent() != QueryKeyNorm.Extent.NONE;
  }

  @Override
  public String kind() {
    return "grouped-query";
  }

  @Override
  public long window() {
    return scores.window();
  }

  @Override
  public void outline(Outline outline, int index) {
    residual.outline(outline);
    inputs().forEach(linear -> outline.linear(linear, ModuleKind.ATTENTION, index, -1));
    outline.linear(output(), ModuleKind.ATTENTION, index, -1);
    if (normalised()) {
      queryNorm().outline(outline);
      keyNorm().outline(outline);
    }
    sinkTensor().ifPresent(sinks -> outline.tensor(sinks, heads.heads()));
  }

  @Override
  public GroupedQueryAttention load(WeightReader reader) {
    return new GroupedQueryAttention(this, reader);
  }

  private LinearDesign projection(String name, long out) {
    return new LinearDesign(module + "." + name, out, hidden(), projections.biases().projections());
  }

  private NormDesign projectionNorm(int which, long count) {
    QueryKeyNorm norm = projections.norm();
    boolean perHead = norm.extent() == QueryKeyNorm.Extent.PER_HEAD;
    long width = perHead ? heads.dimension() : count * heads.dimension();
    String name = module + "." + norm.names().get(which);
    return new NormDesign(name, width, residual.epsilon(), norm.style());
  }

  private long hidden() {
    return residual.width();
  }
}
