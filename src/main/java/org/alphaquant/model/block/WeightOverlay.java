package org.alphaquant.model.block;

import ai.djl.ndarray.NDArray;
import java.util.Optional;
import org.alphaquant.torch.TensorScope;

/**
 * Replaces weights of a checkpoint in the forward pass, and defines how the inputs of its linears
 * are rounded.
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

  /** How the input of a linear is rounded; by default not at all. */
  default InputRounding input(String module) {
    return InputRounding.NONE;
  }

  /** The same, with another overlay for the weights that this one does not replace. */
  default WeightOverlay over(WeightOverlay base) {
    WeightOverlay first = this;
    return new WeightOverlay() {
      @Override
      public Optional<NDArray> weight(TensorScope scope, String tensor) {
        return first.weight(scope, tensor).or(() -> base.weight(scope, tensor));
      }

      @Override
      public InputRounding input(String module) {
        return first.input(module);
      }
    };
  }
}
