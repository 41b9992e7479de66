package org.alphaquant.model.design;

import java.util.List;
import java.util.stream.IntStream;
import org.alphaquant.model.LinearKind;

/**
 * The routed experts of a layer, {@code <module>.<e>.<gate, up or down>}, stored one by one or
 * fused into two tensors, [E, 2M, H] with the gate's rows first, and [E, H, M].
 *
 * @param roles the last part of the names of gate, up and down
 */
public record ExpertsDesign(
    String module,
    List<String> roles,
    int count,
    long hidden,
    long width,
    String fusedGateUp,
    String fusedDown) {

  /** The usual names. */
  public static final List<String> PROJECTIONS = List.of("gate_proj", "up_proj", "down_proj");

  /** Fused, if at all, under the names that transformers gives them in memory. */
  public ExpertsDesign(String module, List<String> roles, int count, long hidden, long width) {
    this(module, roles, count, hidden, width, module + ".gate_up_proj", module + ".down_proj");
  }

  SwiGluDesign expert(int e) {
    String name = module + "." + e + ".";
    return new SwiGluDesign(
        new LinearDesign(name + roles.get(0), width, hidden),
        new LinearDesign(name + roles.get(1), width, hidden),
        new LinearDesign(name + roles.get(2), hidden, width));
  }

  void outline(Outline outline, int layer) {
    boolean fused = outline.has(fusedGateUp);
    if (fused) {
      outline.tensor(fusedGateUp, count, 2 * width, hidden);
      outline.tensor(fusedDown, count, hidden, width);
    }
    for (int e : IntStream.range(0, count).toArray()) {
      if (fused) {
        int id = e;
        expert(e).linears().forEach(linear -> outline.list(linear, LinearKind.EXPERT, layer, id));
      } else {
        expert(e).outline(outline, LinearKind.EXPERT, layer, e);
      }
    }
  }
}
