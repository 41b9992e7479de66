package org.alphaquant.run;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alphaquant.estimate.RunShape;

/** What a run over some layers of a published shape has to do. */
final class BenchWork {

  private BenchWork() {}

  /** The sizes that the service's own estimate goes by. */
  static RunShape of(ModelShape shape, int layers, int samples, int tokens) {
    Map<String, int[]> last = shape.tensors(layers - 1);
    long hidden = shape.number("hidden_size");
    long attention =
        last.entrySet().stream()
            .filter(tensor -> tensor.getKey().contains("self_attn"))
            .filter(tensor -> tensor.getValue().length == 2)
            .mapToLong(tensor -> (long) tensor.getValue()[0] * tensor.getValue()[1])
            .sum();
    boolean sparse = last.keySet().stream().anyMatch(name -> name.contains("experts.0."));
    String mlp = sparse ? "experts.0." : "mlp.";
    long width =
        last.entrySet().stream()
                .filter(tensor -> tensor.getKey().contains(mlp))
                .mapToLong(tensor -> (long) tensor.getValue()[0] * tensor.getValue()[1])
                .max()
                .orElseThrow()
            / hidden;
    return new RunShape(
        layers,
        hidden,
        attention,
        sparse ? shape.experts() : 0,
        sparse ? shape.number("num_experts_per_tok") : 0,
        sparse ? width : 0,
        sparse ? 0 : width,
        shape.vocabulary(),
        (long) samples * tokens,
        hidden);
  }

  /** How many matrices of each shape [out, in] some layers have that are quantized. */
  static Map<List<Integer>, Integer> matrices(ModelShape shape, int layers) {
    Map<List<Integer>, Integer> count = new LinkedHashMap<>();
    for (int layer = 0; layer < layers; layer++) {
      shape
          .tensors(layer)
          .forEach(
              (name, sizes) -> {
                if (sizes.length == 2 && !name.endsWith(".gate.weight")) {
                  count.merge(List.of(sizes[0], sizes[1]), 1, Integer::sum);
                }
              });
    }
    return count;
  }
}
