package org.alphaquant.model.block;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.alphaquant.torch.TensorScope;

/**
 * The routed experts of one layer; they stay in the file until they are loaded.
 *
 * @param count how many there are
 * @param hidden width of the residual stream
 * @param width inner width of an expert
 * @param biased whether every linear has a bias
 * @param names module names of an expert's linears, in order of evaluation: gate, up and down, or
 *     up and down
 */
public record Experts(
    WeightReader reader,
    int count,
    long hidden,
    long width,
    boolean biased,
    Activation activation,
    IntFunction<List<String>> names) {

  /** Module names of an expert's linears, in order of evaluation. */
  List<String> names(int expert) {
    return names.apply(expert);
  }

  /** Those of the linears that read the block's input: gate and up, or up alone. */
  List<String> first(int expert) {
    return names(expert).subList(0, activation.linears());
  }

  /** That of the linear behind the activation. */
  String down(int expert) {
    return names(expert).get(activation.linears());
  }

  /** How the input of a linear is rounded. */
  InputRounding input(String linear) {
    return reader.overlay().input(linear);
  }

  /** Bytes that one loaded expert takes. */
  long bytesEach() {
    return (activation.linears() + 1) * width * hidden * Float.BYTES;
  }

  /**
   * Reads experts from..to-1 into a scope, straight into stacked arrays.
   *
   * @param first whether gate and up are read too; else there is room for them
   */
  ExpertWeights load(TensorScope scope, int from, int to, boolean first) {
    if (from < 0 || to > count || from >= to) {
      throw new IllegalArgumentException(
          "experts %d..%d of %s asked for; there are %d".formatted(from, to, names(0), count));
    }
    long chunk = to - from;
    NDArray gateUp = allocate(scope, chunk, activation.linears() * width, hidden);
    NDArray down = allocate(scope, chunk, hidden, width);
    NDList biases = new NDList();
    if (biased) {
      biases.add(allocate(scope, chunk, activation.linears() * width));
      biases.add(allocate(scope, chunk, hidden));
    }
    WeightReader into = reader.into(scope);
    List<String> before = experts(from, to).flatMap(e -> first(e).stream()).toList();
    List<String> last = experts(from, to).map(this::down).toList();
    if (first) {
      into.fill(gateUp, weights(before));
    }
    into.fill(down, weights(last));
    if (biased) {
      into.fill(biases.get(0), biases(before));
      into.fill(biases.get(1), biases(last));
    }
    return new ExpertWeights(from, gateUp, down, biases, activation);
  }

  private static Stream<Integer> experts(int from, int to) {
    return IntStream.range(from, to).boxed();
  }

  private static List<String> weights(List<String> linears) {
    return linears.stream().map(linear -> linear + ".weight").toList();
  }

  private static List<String> biases(List<String> linears) {
    return linears.stream().map(linear -> linear + ".bias").toList();
  }

  private static NDArray allocate(TensorScope scope, long... shape) {
    return scope.run("weights.allocate", shape, scope.floats(new float[1], 1));
  }
}
