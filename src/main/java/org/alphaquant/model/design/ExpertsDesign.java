package org.alphaquant.model.design;

import java.util.List;
import java.util.stream.IntStream;
import org.alphaquant.architecture.FusedExperts;
import org.alphaquant.architecture.FusedExperts.Arrangement;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.model.block.Activation;
import org.alphaquant.model.block.Experts;
import org.alphaquant.model.block.WeightReader;
import org.alphaquant.storage.source.SourceTensor;
import org.alphaquant.storage.source.fused.StackedExperts;

/**
 * The routed experts of a layer.
 *
 * @param names module names of the experts' linears
 * @param stack layout of fused experts
 * @param published whether the family's published files fuse them
 */
public record ExpertsDesign(
    Names names,
    int count,
    long hidden,
    long width,
    FusedExperts stack,
    boolean published,
    Activation activation) {

  /**
   * Module names {@code <module>.<e>.<gate, up or down>}.
   *
   * @param roles the last part of the names of gate, up and down, or of up and down
   */
  public record Names(String module, List<String> roles) {

    /** The usual names. */
    public Names(String module) {
      this(module, List.of("gate_proj", "up_proj", "down_proj"));
    }

    List<String> of(int expert) {
      return roles.stream().map(role -> module + "." + expert + "." + role).toList();
    }
  }

  /** SwiGLU experts, published one by one; transformers may save them fused. */
  public static ExpertsDesign of(Names names, int count, long hidden, long width) {
    FusedExperts stack =
        new FusedExperts(
            names.module() + ".gate_up_proj",
            names.module() + ".down_proj",
            Arrangement.GATE_FIRST);
    return new ExpertsDesign(names, count, hidden, width, stack, false, Activation.SWIGLU);
  }

  /** The same under the usual names. */
  public static ExpertsDesign of(String module, int count, long hidden, long width) {
    return of(new Names(module), count, hidden, width);
  }

  /** The same with another activation. */
  public ExpertsDesign activated(Activation other) {
    return new ExpertsDesign(names, count, hidden, width, stack, published, other);
  }

  /** The same, published fused. */
  public ExpertsDesign fused(FusedExperts how) {
    return new ExpertsDesign(names, count, hidden, width, how, true, activation);
  }

  /** The tensors of the experts in a checkpoint that fuses them; none where it does not. */
  List<SourceTensor> parts(Checkpoint checkpoint, FusedExperts stored) {
    return StackedExperts.in(checkpoint, stored)
        ? new StackedExperts(checkpoint, stored, count, hidden, width, names::of).parts()
        : List.of();
  }

  /** The linears of each expert, in order of evaluation. */
  List<List<LinearDesign>> linears() {
    return IntStream.range(0, count).mapToObj(this::linears).toList();
  }

  private List<LinearDesign> linears(int expert) {
    int first = activation.linears();
    List<String> modules = names.of(expert);
    return IntStream.rangeClosed(0, first)
        .mapToObj(
            i ->
                i < first
                    ? linear(modules.get(i), width, hidden)
                    : linear(modules.get(i), hidden, width))
        .toList();
  }

  void outline(Outline outline, int layer) {
    List<List<LinearDesign>> experts = linears();
    for (int e = 0; e < count; e++) {
      for (LinearDesign linear : experts.get(e)) {
        outline.linear(linear, ModuleKind.EXPERT, layer, e);
      }
    }
  }

  Experts load(WeightReader reader) {
    return new Experts(reader, count, hidden, width, stack.biased(), activation, names::of);
  }

  private LinearDesign linear(String name, long out, long in) {
    return new LinearDesign(name, out, in, stack.biased());
  }
}
