package org.alphaquant.distill;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.alphaquant.torch.TensorScope;

/**
 * The original model's outputs for every sequence, computed once if the memory suffices, because
 * every epoch uses them again.
 */
final class Targets implements AutoCloseable {

  private static final int SEQUENCES_AT_ONCE = 32;

  private final TensorScope scope;
  private final TrainingStep step;
  private NDArray all;

  Targets(TensorScope parent, TrainingStep step, long[][] sequences, Distillation.Room room) {
    this.scope = parent.child("targets");
    this.step = step;
    long hidden = step.original().description().hidden();
    long bytes = Float.BYTES * sequences.length * sequences[0].length * hidden;
    if (bytes <= room.targets()) {
      all = computed(sequences);
    }
  }

  /** The stream after the original model's last layer for some sequences, [b, S, H]. */
  NDArray of(TensorScope work, NDArray ids, int... chosen) {
    long[] places = Arrays.stream(chosen).asLongStream().toArray();
    return all == null ? step.target(work, ids) : work.run("tensor.select", all, places);
  }

  private NDArray computed(long[][] sequences) {
    try (TensorScope work = scope.child("sequences")) {
      NDList parts = new NDList();
      for (int first = 0; first < sequences.length; first += SEQUENCES_AT_ONCE) {
        int last = Math.min(sequences.length, first + SEQUENCES_AT_ONCE);
        int[] chosen = IntStream.range(first, last).toArray();
        parts.add(step.target(work, Distillation.ids(work, sequences, chosen)));
      }
      return work.keep(scope, work.run("tensor.concatenate", parts));
    }
  }

  @Override
  public void close() {
    scope.close();
  }
}
