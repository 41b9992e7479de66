package org.alphaquant.rotation;

import ai.djl.ndarray.NDArray;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.alphaquant.job.RotationRequest;
import org.alphaquant.model.Model;
import org.alphaquant.model.RecognisedModel;
import org.alphaquant.model.block.WeightOverlay;
import org.alphaquant.model.design.NormDesign;
import org.alphaquant.model.design.NormKind;
import org.alphaquant.model.design.StreamMap;
import org.alphaquant.model.design.StreamTensor;
import org.alphaquant.torch.TensorScope;

/**
 * The weights of a model whose residual stream, and attention's values, are rotated. RMSNorm keeps
 * lengths, so that x Q passes it as x does once its weight stands in what reads behind it: W
 * becomes W diag(g) Q there, Q^T W where the stream is written, E Q for the embedding, and norms
 * become one. Values turn by R in what makes them and in the projection behind the heads.
 */
public final class Rotation implements WeightOverlay {

  private final Model source;
  private final Map<String, StreamTensor> weights = new LinkedHashMap<>();
  private final Map<String, StreamTensor> biases = new LinkedHashMap<>();
  private final Map<String, NormDesign> norms = new LinkedHashMap<>();
  private final Turn stream;
  private final Map<Long, Turn> values = new HashMap<>();
  private final Map<String, Integer> stored;

  /**
   * Prepares a rotation; weights are turned when they are asked for.
   *
   * @param scope owns what opening the source takes
   * @param stored number of the dtype in which a tensor will be stored as it is, by full name: it
   *     is rounded to that
   * @throws IllegalArgumentException if the model has {@link RotationProblems}
   */
  public Rotation(
      TensorScope scope,
      RecognisedModel model,
      RotationRequest asked,
      Map<String, Integer> stored) {
    StreamMap map = model.stream();
    RotationProblems.of(map, asked)
        .ifPresent(
            problem -> {
              throw new IllegalArgumentException(problem);
            });
    this.source = model.open(scope);
    this.stored = Map.copyOf(stored);
    SplittableRandom random = new SplittableRandom(asked.seed());
    this.stream = Turn.of(Hadamard.of(map.width()).orElseThrow(), random.split());
    for (long dimension : map.valueDimensions()) {
      Hadamard hadamard = Hadamard.of(dimension).orElseThrow();
      SplittableRandom own = random.split();
      if (asked.values()) {
        values.put(dimension, Turn.of(hadamard, own));
      }
    }
    for (StreamTensor tensor : map.tensors()) {
      weights.put(tensor.weight(), tensor);
      tensor.bias().ifPresent(bias -> biases.put(bias, tensor));
    }
    map.norms().forEach(norm -> norms.put(norm.name() + ".weight", norm));
  }

  @Override
  public Optional<NDArray> weight(TensorScope parent, String tensor) {
    if (!changes(tensor)) {
      return Optional.empty();
    }
    try (TensorScope scope = parent.child("rotate")) {
      NDArray turned = turned(scope, tensor);
      Integer dtype = stored.get(tensor);
      NDArray asStored = dtype == null ? turned : scope.run("tensor.rounded", turned, dtype);
      return Optional.of(scope.keep(parent, asStored));
    }
  }

  /** Whether a tensor is another one in the rotated model. */
  public boolean changes(String tensor) {
    return norms.containsKey(tensor) || weights.containsKey(tensor) || biases.containsKey(tensor);
  }

  private NDArray turned(TensorScope scope, String tensor) {
    if (norms.containsKey(tensor)) {
      return neutral(scope, tensor);
    }
    StreamTensor weight = weights.get(tensor);
    return weight == null
        ? bias(scope, tensor, biases.get(tensor))
        : weight(scope, weight, source.floats(scope, weight.source()));
  }

  // What a norm multiplies by is one then.
  private NDArray neutral(TensorScope scope, String tensor) {
    NDArray weight = source.floats(scope, tensor);
    String one =
        norms.get(tensor).kind() == NormKind.RMS_PLUS_ONE ? "tensor.zeros_like" : "rotation.one";
    return scope.run(one, weight);
  }

  private NDArray weight(TensorScope scope, StreamTensor tensor, NDArray weight) {
    NDArray turned = weight;
    if (tensor.reads()) {
      turned =
          tensor.norm().isEmpty()
              ? stream.reading(scope, turned)
              : stream.reading(scope, turned, gain(scope, tensor.norm().get()));
    } else if (tensor.writes()) {
      turned = stream.writing(scope, turned);
    }
    Optional<StreamTensor.Values> own = tensor.values();
    if (own.isEmpty() || !values.containsKey(own.get().dimension())) {
      return turned;
    }
    Turn turn = values.get(own.get().dimension());
    return tensor.writes()
        ? turn.columns(scope, turned, own.get())
        : turn.rows(scope, turned, own.get());
  }

  private NDArray bias(TensorScope scope, String name, StreamTensor tensor) {
    NDArray bias = source.floats(scope, name);
    if (tensor.writes()) {
      return stream.writing(scope, bias);
    }
    Optional<StreamTensor.Values> own =
        tensor.values().filter(it -> values.containsKey(it.dimension()));
    return own.isEmpty() ? bias : values.get(own.get().dimension()).rows(scope, bias, own.get());
  }

  // What the norm before it multiplies by.
  private NDArray gain(TensorScope scope, NormDesign norm) {
    NDArray weight = source.floats(scope, norm.name() + ".weight");
    return norm.kind() == NormKind.RMS_PLUS_ONE ? scope.run("norm.plus_one", weight) : weight;
  }
}
