package org.alphaquant.model.block;

import ai.djl.ndarray.NDArray;
import org.alphaquant.torch.TensorScope;

/** Chooses the experts of every token as the family defines it. */
public interface Router {

  /** The linear whose outputs are the experts' logits, [E, H]. */
  Linear linear();

  /** What the linear reads of rows h [T, H]; mostly those themselves. */
  default NDArray input(TensorScope scope, NDArray h) {
    return h;
  }

  /** Routes rows h [T, H]. */
  Routing route(TensorScope scope, NDArray h);

  /**
   * The {@code count} best experts of every token, weighted as the router scores them: used where
   * calibration covers more experts than the router selects.
   *
   * @param count from the router's own number to all experts
   */
  Routing widened(TensorScope scope, NDArray h, int count);
}
