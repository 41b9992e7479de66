package org.alphaquant.model.design;

import java.util.List;
import org.alphaquant.architecture.ModuleKind;

/** The three linears of a SwiGLU block; gate is the one that goes through silu. */
public record SwiGluDesign(LinearDesign gate, LinearDesign up, LinearDesign down) {

  /** The usual names {@code gate_proj}, {@code up_proj} and {@code down_proj}. */
  public static SwiGluDesign of(String module, long hidden, long width, boolean bias) {
    return new SwiGluDesign(
        new LinearDesign(module + ".gate_proj", width, hidden, bias),
        new LinearDesign(module + ".up_proj", width, hidden, bias),
        new LinearDesign(module + ".down_proj", hidden, width, bias));
  }

  public long width() {
    return gate.out();
  }

  public List<LinearDesign> linears() {
    return List.of(gate, up, down);
  }

  void outline(Outline outline, ModuleKind kind, int layer, int expert) {
    linears().forEach(linear -> outline.linear(linear, kind, layer, expert));
  }
}
