package org.alphaquant.model.block;

import ai.djl.ndarray.NDArray;
import java.util.Optional;
import org.alphaquant.torch.TensorScope;

/**
 * Weights that take the place of a checkpoint's own while a model computes, and what is done to the
 * inputs that they are multiplied with.
 */
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

  /** What is done to the input of a module's linear; mostly nothing. */
  default InputRounding input(String module) {
    return InputRounding.NONE;
  }
}
