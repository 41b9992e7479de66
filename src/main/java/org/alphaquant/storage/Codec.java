package org.alphaquant.storage;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.torch.TensorScope;

/** How one quantized weight {@code [N, K]} is stored: its planes, and the weight back from them. */
public interface Codec {

  /**
   * The planes of a weight, each with what encodes it.
   *
   * @param scheme one that the format holds
   * @param model the model's own dtype
   */
  List<Plane> planes(TensorScheme scheme, long outFeatures, long inFeatures, Dtype model);

  /**
   * Whether weights one below another are stored as their planes one below another, so that several
   * can be decoded as one of more rows.
   */
  default boolean stacks(TensorScheme scheme) {
    return false;
  }

  /** The dequantized weight, float32 [N, K], owned by {@code scope}. */
  NDArray decode(TensorScope scope, TensorScheme scheme, Planes planes);
}
