package org.alphaquant.distill;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.alphaquant.torch.TensorScope;

/**
 * The trained parameters of one layer, or of the head and the norm before it.
 *
 * @param forward the layer's forward pass with the current leaves
 * @param weights quantized rows of leaves
 * @param norms leaves of norms
 */
record StudentLayer(Forward forward, List<LatentWeight> weights, List<TrainedNorm> norms) {

  /** Maps the residual stream to the layer's output. */
  interface Forward {
    NDArray apply(TensorScope scope, NDArray x);
  }

  StudentLayer {
    weights = List.copyOf(weights);
    norms = List.copyOf(norms);
  }

  /** All leaves, each once: by identity, as arrays that hold the same numbers are equal. */
  List<NDArray> leaves() {
    Map<NDArray, Integer> places = places();
    NDArray[] leaves = new NDArray[places.size()];
    places.forEach((leaf, place) -> leaves[place] = leaf);
    return List.of(leaves);
  }

  private Map<NDArray, Integer> places() {
    Map<NDArray, Integer> places = new IdentityHashMap<>();
    weights.forEach(weight -> places.putIfAbsent(weight.leaf(), places.size()));
    norms.forEach(norm -> places.putIfAbsent(norm.leaf(), places.size()));
    return places;
  }

  /**
   * One step of everything in the layer.
   *
   * @param gradients of the leaves, in their order
   * @param factor what learning rates are multiplied with
   */
  void move(
      TensorScope scope, NDList gradients, DistillSettings settings, double factor, int step) {
    Map<NDArray, Integer> places = places();
    for (LatentWeight weight : weights) {
      weight.move(scope, gradients.get(places.get(weight.leaf())), settings, factor, step);
    }
    Adam adam = new Adam(settings.normRate() * factor, step);
    for (TrainedNorm norm : norms) {
      norm.move(scope, gradients.get(places.get(norm.leaf())), adam);
    }
  }

  /** The state that is needed to resume, in a fixed order. */
  List<NDArray> state() {
    return java.util.stream.Stream.concat(
            weights.stream().flatMap(weight -> weight.state().stream()),
            norms.stream().flatMap(norm -> norm.state().stream()))
        .toList();
  }

  /** Recomputes the leaves from a restored state. */
  void store(TensorScope scope) {
    weights.forEach(weight -> weight.store(scope));
    norms.forEach(norm -> norm.store(scope));
  }
}
