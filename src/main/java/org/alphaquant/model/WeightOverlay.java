package org.alphaquant.model;

import ai.djl.ndarray.NDArray;
import java.util.Optional;
import org.alphaquant.torch.TensorScope;

/** Weights that take the place of a checkpoint's own while a model computes. */
public interface WeightOverlay {

  /** No weight is replaced. */
  WeightOverlay NONE = (scope, tensor) -> Optional.empty();

  /**
   * The weight to use for a stored tensor, float32 of the tensor's shape, owned by {@code scope};
   * empty for the checkpoint's own.
   *
   * @param tensor full name, {@code model.layers.0.self_attn.q_proj.weight} for example
   */
  Optional<NDArray> weight(TensorScope scope, String tensor);
}
