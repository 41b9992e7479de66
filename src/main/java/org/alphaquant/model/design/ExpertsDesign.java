package org.alphaquant.model.design;

import java.util.List;
import java.util.stream.IntStream;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.model.ExpertActivation;

/**
 * The routed experts of a layer, {@code <module>.<e>.<gate, up or down>}, stored one by one or
 * fused into two tensors in a layout of the family's.
 *
 * @param roles the last part of the names of gate, up and down
 * @param layout of the fused tensors; the interleaved one comes with biases
 */
public record ExpertsDesign(
    String module,
    List<String> roles,
    int count,
    long hidden,
    long width,
    String fusedGateUp,
    String fusedDown,
    FusedLayout layout,
    ExpertActivation activation) {

  /** The usual names. */
  public static final List<String> PROJECTIONS = List.of("gate_proj", "up_proj", "down_proj");

  /** Fused, if at all, under the names that transformers gives them in memory. */
  public ExpertsDesign(String module, List<String> roles, int count, long hidden, long width) {
    this(module, roles, count, hidden, width, module + ".gate_up_proj", module + ".down_proj");
  }

  /** Without biases, fused, if at all, with the gate's rows first. */
  public ExpertsDesign(
      String module,
      List<String> roles,
      int count,
      long hidden,
      long width,
      String fusedGateUp,
      String fusedDown) {
    this(
        module,
        roles,
        count,
        hidden,
        width,
        fusedGateUp,
        fusedDown,
        FusedLayout.GATE_FIRST,
        ExpertActivation.SWIGLU);
  }

  /** The same experts with biases, fused, if at all, as gpt-oss stores them. */
  public ExpertsDesign interleaved() {
    return new ExpertsDesign(
        module,
        roles,
        count,
        hidden,
        width,
        fusedGateUp,
        fusedDown,
        FusedLayout.INTERLEAVED,
        activation);
  }

  /** The same experts with another activation. */
  public ExpertsDesign withActivation(ExpertActivation other) {
    return new ExpertsDesign(
        module, roles, count, hidden, width, fusedGateUp, fusedDown, layout, other);
  }

  boolean biased() {
    return layout == FusedLayout.INTERLEAVED;
  }

  SwiGluDesign expert(int e) {
    String name = module + "." + e + ".";
    return new SwiGluDesign(
        new LinearDesign(name + roles.get(0), width, hidden, biased()),
        new LinearDesign(name + roles.get(1), width, hidden, biased()),
        new LinearDesign(name + roles.get(2), hidden, width, biased()));
  }

  void outline(Outline outline, int layer) {
    boolean interleaved = biased() && InterleavedExperts.fused(this, outline::has);
    boolean fused = interleaved || outline.has(fusedGateUp);
    if (interleaved) {
      new InterleavedExperts(this).outline(outline);
    } else if (fused) {
      outline.tensor(fusedGateUp, count, 2 * width, hidden);
      outline.tensor(fusedDown, count, hidden, width);
    }
    for (int e : IntStream.range(0, count).toArray()) {
      if (fused) {
        int id = e;
        expert(e).linears().forEach(linear -> outline.list(linear, ModuleKind.EXPERT, layer, id));
      } else {
        expert(e).outline(outline, ModuleKind.EXPERT, layer, e);
      }
    }
  }
}
