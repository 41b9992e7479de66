package org.alphaquant.run;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.FiniteValues;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.storage.source.mxfp4.Mxfp4;

/**
 * Reads every tensor of the forward pass once before any work and refuses infinities and
 * not-a-number by name. It costs one pass over the source's files, as much as the first evaluation
 * reads, and prevents a run of hours from failing at its last layer.
 */
final class SourceCheck {

  private static final int THREADS = 8;

  private SourceCheck() {}

  /**
   * Checks all tensors.
   *
   * @param names of stored tensors
   * @param between receives the number of checked tensors
   * @throws ModelException naming the first tensor that has one, and where
   */
  static void check(Checkpoint source, Collection<String> names, IntConsumer between) {
    int[] done = {0};
    InOrder.uninterrupted(
        InOrder.threads(THREADS),
        List.copyOf(names),
        name -> check(source, name),
        () -> between.accept(done[0]++));
    between.accept(done[0]);
  }

  private static void check(Checkpoint source, String name) {
    TensorInfo info = source.info(name);
    Dtype numbers = numbers(info);
    if (!FiniteValues.looksAt(numbers)) {
      return;
    }
    long[] before = {0};
    source.read(
        name,
        piece -> {
          Optional<Long> other = FiniteValues.firstOther(numbers, List.of(piece));
          if (other.isPresent()) {
            String at = position(info.shape(), before[0] + other.get());
            throw ModelException.weightNotFinite(name, "at " + at);
          }
          before[0] += piece.remaining() * (long) Byte.SIZE / numbers.bits();
        });
  }

  // Bytes are codes, of which every one is a number, or exponents.
  private static Dtype numbers(TensorInfo info) {
    return info.dtype() == Dtype.U8 && Mxfp4.isScales(info.name()) ? Dtype.F8_E8M0 : info.dtype();
  }

  private static String position(List<Long> shape, long index) {
    Long[] at = new Long[shape.size()];
    for (int i = at.length - 1; i >= 0; i--) {
      at[i] = index % shape.get(i);
      index /= shape.get(i);
    }
    return List.of(at).toString();
  }
}
