package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.nio.FloatBuffer;
import java.util.List;
import org.alphaquant.cuda.CudaDevice;
import org.alphaquant.gptq.Sharing;
import org.alphaquant.torch.TensorScope;

/**
 * One device's place in its group, and what it does with the others. Sums add the ranks' parts in
 * the order of the ranks, so that all get the same bits.
 */
public final class Rank implements Sharing {

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

  @Override
  public int begin(int count) {
    return begin(index, count);
  }

  @Override
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

  /** Sums of all ranks' arrays, in place of each. */
  void sum(TensorScope scope, NDArray... arrays) {
    reduce(scope, new NDList(arrays), new NDList());
  }

  /** The same, and the largest of others element by element: ranks wait for each other once. */
  void reduce(TensorScope parent, NDList sums, NDList largest) {
    if (size() == 1) {
      return;
    }
    NDList own = new NDList(sums);
    own.addAll(largest);
    try (TensorScope scope = parent.child("reduce")) {
      NDList reduced = scope.runAll("exchange.reduced", ofAll(own), own.size(), sums.size(), index);
      await();
      for (int i = 0; i < own.size(); i++) {
        scope.runInPlace("exchange.replace", own.get(i), reduced.get(i));
      }
    }
  }

  // One rank's arrays after the other's.
  private NDList ofAll(NDList own) {
    NDList arrays = new NDList();
    all(own).forEach(arrays::addAll);
    return arrays;
  }

  /**
   * All ranks' rows, one rank's after the other's.
   *
   * @param own contiguous arrays [n, ...] of this rank, each with its own n
   * @return [N, ...] of each; the arrays themselves where there is but one rank
   */
  NDList joined(TensorScope scope, NDList own) {
    return scope.cuda().isEmpty() || size() == 1 ? joined(scope, own, 0) : pulled(scope, own);
  }

  private NDList joined(TensorScope scope, NDList own, int dimension) {
    if (size() == 1) {
      return own;
    }
    NDList joined = scope.runAll("exchange.joined", ofAll(own), own.size(), index, dimension);
    await();
    return joined;
  }

  private NDList pulled(TensorScope scope, NDList own) {
    scope.awaitDevice();
    List<NDList> all = all(own);
    NDList joined = new NDList();
    for (int i = 0; i < own.size(); i++) {
      int array = i;
      List<NDArray> parts = all.stream().map(given -> given.get(array)).toList();
      long rows = parts.stream().mapToLong(Rank::rows).sum();
      NDArray whole = scope.run("exchange.room", own.get(i), rows);
      long at = 0;
      for (NDArray part : parts) {
        pull(scope, part, 0, whole, at, rows(part));
        at += rows(part);
      }
      joined.add(whole);
    }
    scope.awaitDevice();
    await();
    return joined;
  }

  // Rows of another card's array. Each card reads the others by itself, and all links carry both
  // ways at once; libtorch queues a copy on the card that is read, behind that one's own.
  private static void pull(
      TensorScope scope, NDArray from, long first, NDArray to, long at, long count) {
    long bytes = from.getDataType().getNumOfBytes() * from.size() / rows(from);
    CudaDevice other = CudaDevice.of(from.getDevice().getDeviceId()).orElseThrow();
    scope
        .cuda()
        .orElseThrow()
        .copyFrom(
            other,
            scope.address(from) + first * bytes,
            count * bytes,
            scope.address(to) + at * bytes);
  }

  @Override
  public float[] joined(float... own) {
    List<float[]> all = all(own);
    int count = all.stream().mapToInt(part -> part.length).sum();
    FloatBuffer joined = FloatBuffer.allocate(count);
    all.forEach(joined::put);
    return joined.array();
  }

  @Override
  public NDList joinedOutputs(TensorScope scope, NDList own) {
    return joined(scope, own, 1);
  }

  /** What a rank adds to the rows of all, and how many of these are its own. */
  private record Addend(long rows, NDArray whole) {}

  /**
   * Adds to this rank's rows what all ranks give for them, in the order of the ranks.
   *
   * @param own [n, ...], changed in place
   * @param whole what this rank gives for all ranks' rows, joined as {@link #joined} does, [N, ...]
   */
  void addRows(TensorScope parent, NDArray own, NDArray whole) {
    parent.awaitDevice();
    List<Addend> all = all(new Addend(rows(own), whole));
    long first = all.stream().limit(index).mapToLong(Addend::rows).sum();
    try (TensorScope scope = parent.child("add rows")) {
      for (Addend addend : all) {
        if (addend.whole() == whole || scope.cuda().isEmpty()) {
          scope.runInPlace("exchange.add_rows", own, addend.whole(), first);
        } else {
          NDArray rows = scope.run("exchange.room", own, rows(own));
          pull(scope, addend.whole(), first, rows, 0, rows(own));
          scope.runInPlace("exchange.add_rows", own, rows, 0);
        }
      }
      scope.awaitDevice();
      await();
    }
  }

  private static long rows(NDArray array) {
    return array.getShape().get(0);
  }
}
