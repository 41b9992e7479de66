package org.alphaquant.model.design;

import ai.djl.ndarray.NDArray;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.alphaquant.torch.TensorScope;

/** The cos and sin of a layer's rotary embedding, made once for each sequence length. */
final class RotaryTables {

  private final Optional<RotaryDesign> design;
  private final TensorScope owner;
  private final Map<Long, NDArray> byLength = new HashMap<>();

  RotaryTables(Optional<RotaryDesign> design, TensorScope owner) {
    this.design = design;
    this.owner = owner;
  }

  /** fp32 [2, length, width/2]; without a rotation [2, length, 0]. */
  NDArray of(long length, NDArray like) {
    return byLength.computeIfAbsent(length, ignored -> make(length, like));
  }

  private NDArray make(long length, NDArray like) {
    try (TensorScope making = owner.child("rotary")) {
      NDArray table =
          design
              .map(rotary -> table(making, rotary, length, like))
              .orElseGet(() -> making.run("rope.no_table", length, like));
      return making.keep(owner, table);
    }
  }

  private static NDArray table(TensorScope scope, RotaryDesign rotary, long length, NDArray like) {
    NDArray frequencies = rotary.frequencies().compute(scope, rotary.width(), length);
    double factor = rotary.frequencies().attentionFactor(length);
    return scope.run("rope.table", frequencies, length, factor, like);
  }
}
