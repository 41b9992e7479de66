package org.alphaquant.distill;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.List;
import org.alphaquant.torch.TensorScope;

/**
 * What is trained of one layer, or of the head and the norm before it.
 *
 * @param forward the layer's forward pass with the leaves as they are
 * @param weights quantized rows of leaves
 * @param norms leaves by themselves
 */
record StudentLayer(Forward forward, List<LatentWeight> weights, List<TrainedNorm> norms) {

  /** From the residual stream to what the layer makes of it. */
  interface Forward {
    NDArray apply(TensorScope scope, NDArray x);
  }

  StudentLayer {
    weights = List.copyOf(weights);
    norms = List.copyOf(norms);
  }

  /** All leaves, each once. */
  List<NDArray> leaves() {
    return java.util.stream.Stream.concat(
            weights.stream().map(LatentWeight::leaf), norms.stream().map(TrainedNorm::leaf))
        .distinct()
        .toList();
  }

  /**
   * One step of everything in the layer.
   *
   * @param gradients of the leaves, in their order
   * @param factor what learning rates are multiplied with
   */
  void move(
      TensorScope scope, NDList gradients, DistillSettings settings, double factor, int step) {
    List<NDArray> leaves = leaves();
    for (LatentWeight weight : weights) {
      weight.move(scope, gradients.get(leaves.indexOf(weight.leaf())), settings, factor, step);
    }
    Adam adam = new Adam(settings.normRate() * factor, step);
    for (TrainedNorm norm : norms) {
      norm.move(scope, gradients.get(leaves.indexOf(norm.leaf())), adam);
    }
  }

  /** What must be kept to go on later, in a fixed order. */
  List<NDArray> state() {
    return java.util.stream.Stream.concat(
            weights.stream().flatMap(weight -> weight.state().stream()),
            norms.stream().flatMap(norm -> norm.state().stream()))
        .toList();
  }

  /** Makes the leaves again from a state that was put back. */
  void store(TensorScope scope) {
    weights.forEach(weight -> weight.store(scope));
    norms.forEach(norm -> norm.store(scope));
  }
}
