package org.alphaquant.model;

import ai.djl.ndarray.NDArray;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.torch.TensorScope;

/**
 * An open checkpoint. The token embedding and the head are read when first used and belong to the
 * scope the model was opened in; a layer belongs to the scope it is loaded in.
 */
public interface Model {

  ModelDescription description();

  /** Token ids, int64 [B, S], to the residual stream before the first layer, fp32 [B, S, H]. */
  NDArray embed(TensorScope scope, NDArray ids);

  /**
   * Reads one layer. Routed experts stay in the file until they are asked for.
   *
   * @param index 0 to layers - 1
   */
  DecoderLayer layer(TensorScope scope, int index);

  /** The map from the final norm's output to the vocabulary; shares its weight when tied. */
  Linear head();

  /** The input of the head: x [B, S, H] after the last layer, normalised, as [B*S, H]. */
  NDArray headInput(TensorScope scope, NDArray x);

  /** The logits [B, S, V] for the residual stream after the last layer [B, S, H]. */
  NDArray logits(TensorScope scope, NDArray x);
}
