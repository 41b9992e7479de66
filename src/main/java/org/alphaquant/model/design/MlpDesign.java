package org.alphaquant.model.design;

import java.util.List;
import java.util.stream.Stream;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.model.block.Activation;
import org.alphaquant.model.block.GatedMlp;
import org.alphaquant.model.block.WeightReader;

/**
 * The linears of a feed-forward block.
 *
 * @param first gate and up, or one linear that holds both, the gate's rows first; or up alone
 * @param width inner width
 */
public record MlpDesign(
    List<LinearDesign> first, LinearDesign down, long width, Activation activation) {

  public MlpDesign {
    first = List.copyOf(first);
  }

  /** The usual names {@code gate_proj}, {@code up_proj} and {@code down_proj}. */
  public static MlpDesign of(
      String module, long hidden, long width, boolean bias, Activation activation) {
    return new MlpDesign(
        List.of(
            new LinearDesign(module + ".gate_proj", width, hidden, bias),
            new LinearDesign(module + ".up_proj", width, hidden, bias)),
        new LinearDesign(module + ".down_proj", hidden, width, bias),
        width,
        activation);
  }

  /**
   * Two linears without a gate.
   *
   * @param roles their names below the module's
   */
  public static MlpDesign single(
      String module, List<String> roles, long hidden, long width, Activation activation) {
    return new MlpDesign(
        List.of(new LinearDesign(module + "." + roles.get(0), width, hidden)),
        new LinearDesign(module + "." + roles.get(1), hidden, width),
        width,
        activation);
  }

  /** Gate and up as one linear. */
  public static MlpDesign joint(
      String gateUp, String down, long hidden, long width, Activation activation) {
    return new MlpDesign(
        List.of(new LinearDesign(gateUp, 2 * width, hidden)),
        new LinearDesign(down, hidden, width),
        width,
        activation);
  }

  void outline(Outline outline, ModuleKind kind, int layer) {
    Stream.concat(first.stream(), Stream.of(down))
        .forEach(linear -> outline.linear(linear, kind, layer, -1));
  }

  GatedMlp load(WeightReader reader) {
    return new GatedMlp(
        first.stream().map(linear -> linear.load(reader)).toList(), down.load(reader), activation);
  }
}
