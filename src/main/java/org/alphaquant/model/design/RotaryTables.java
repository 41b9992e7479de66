package org.alphaquant.model.design;

import ai.djl.ndarray.NDArray;
import java.util.HashMap;
import java.util.Map;
import org.alphaquant.torch.TensorScope;

/** The cos and sin of a layer's rotary embedding, made once for each sequence length. */
final class RotaryTables {

  private final RotaryDesign design;
  private final TensorScope owner;
  private final Map<Long, NDArray> byLength = new HashMap<>();

  RotaryTables(RotaryDesign design, TensorScope owner) {
    this.design = design;
    this.owner = owner;
  }

  /** fp32 [2, length, width/2]. */
  NDArray of(long length, NDArray like) {
    return byLength.computeIfAbsent(length, ignored -> make(length, like));
  }

  private NDArray make(long length, NDArray like) {
    try (TensorScope making = owner.child("rotary")) {
      NDArray frequencies = design.frequencies().compute(making, design.width(), length);
      double factor = design.frequencies().attentionFactor(length);
      return making.keep(owner, making.run("rope.table", frequencies, length, factor, like));
    }
  }
}
