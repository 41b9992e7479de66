package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.List;
import org.alphaquant.torch.TensorScope;

/**
 * One device's place in its group, and what it does with the others. Sums add the ranks' parts in
 * the order of the ranks, so that all get the same bits.
 */
public final class Rank {

  private final DeviceGroup group;
  private final int index;

  Rank(DeviceGroup group, int index) {
    this.group = group;
    this.index = index;
  }

  public int index() {
    return index;
  }

  public int size() {
    return group.size();
  }

  /** Whether this is the one that reports what all have. */
  public boolean isFirst() {
    return index == 0;
  }

  /** The first index of this rank's part when {@code count} things are divided. */
  public int begin(int count) {
    return begin(index, count);
  }

  /** The exclusive end of this rank's part. */
  public int end(int count) {
    return begin(index + 1, count);
  }

  private int begin(int rank, int count) {
    return (int) ((long) count * rank / size());
  }

  /** The values of all ranks, in their order. */
  <T> List<T> all(T own) {
    if (size() == 1) {
      return List.of(own);
    }
    @SuppressWarnings("unchecked")
    List<T> all = (List<T>) group.exchange(index, own);
    return all;
  }

  /** Waits until all ranks are here. */
  void await() {
    if (size() > 1) {
      group.exchange(index, this);
    }
  }

  /** Sum of all ranks' arrays, in place of each. */
  void sum(TensorScope scope, NDArray array) {
    reduce(scope, array, "exchange.sum");
  }

  /** The largest of all ranks' arrays, element by element, in place of each. */
  void largest(TensorScope scope, NDArray array) {
    reduce(scope, array, "exchange.largest");
  }

  private void reduce(TensorScope parent, NDArray array, String operation) {
    if (size() == 1) {
      return;
    }
    try (TensorScope scope = parent.child("reduce")) {
      NDList parts = new NDList();
      for (NDArray part : all(array)) {
        parts.add(scope.run("exchange.copied", array, part));
      }
      NDArray reduced = scope.run(operation, parts);
      await();
      scope.runInPlace("exchange.replace", array, reduced);
    }
  }

  /**
   * This rank's part of the sum of all ranks' arrays.
   *
   * @param array [C, ...], of which each rank gets its part of C
   * @return the array itself where there is but one rank
   */
  NDArray ownSum(TensorScope scope, NDArray array) {
    if (size() == 1) {
      return array;
    }
    int count = Math.toIntExact(array.getShape().get(0));
    NDArray total = null;
    for (NDArray part : all(array)) {
      try (TensorScope work = scope.child("part")) {
        NDArray own = work.run("exchange.part", array, part, begin(count), end(count));
        if (total == null) {
          total = work.keep(scope, own);
        } else {
          work.runInPlace("exchange.add", total, own);
        }
      }
    }
    await();
    return total;
  }

  /**
   * All ranks' parts of {@code count} things, one after the other.
   *
   * @param own [c, ...], this rank's
   * @return [count, ...]; the array itself where there is but one rank
   */
  NDArray joined(TensorScope scope, NDArray own, int count) {
    if (size() == 1) {
      return own;
    }
    NDArray joined = scope.run("exchange.room", own, count);
    List<NDArray> parts = all(own);
    for (int rank = 0; rank < parts.size(); rank++) {
      scope.runInPlace("exchange.place", joined, parts.get(rank), begin(rank, count));
    }
    await();
    return joined;
  }
}
