package org.alphaquant.model.block;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.storage.sources.SourceTensors;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.TorchDtype;

/** Reads tensors of a model into a scope as float32. */
public record WeightReader(SourceTensors tensors, TensorScope scope, WeightOverlay overlay) {

  // Two copies of so many stored numbers are on the device while they are read.
  private static final long READ_AT_ONCE = 1 << 25;
  private static final int FLOAT32 = TorchDtype.FLOAT32.number();

  /** The same model, read into another scope. */
  public WeightReader into(TensorScope other) {
    return new WeightReader(tensors, other, overlay);
  }

  /** A tensor as float32, the overlay's where it has one. */
  public NDArray floats(String name) {
    return overlay.weight(scope, name).orElseGet(() -> ownFloats(name));
  }

  private NDArray ownFloats(String name) {
    try (TensorScope loading = scope.child(name)) {
      NDArray stored = tensors.find(name).load(loading);
      NDArray floats = loading.run("tensor.to_dtype", stored, FLOAT32);
      return loading.keep(scope, finite(loading, name, floats));
    }
  }

  /** A tensor in the floating-point type it is stored in. */
  public NDArray stored(String name) {
    return finite(scope, name, tensors.find(name).load(scope));
  }

  // Values may leave float32 only here: scales are multiplied in, and float64 is narrowed.
  private static NDArray finite(TensorScope scope, String name, NDArray values) {
    if (!scope.isFinite(values)) {
      throw ModelException.weightNotFinite(name, "once it is read as float32");
    }
    return values;
  }

  /**
   * Copies arrays of equal shape, as float32, into target [C, R, ...], one below another: as many
   * into each element as fill it.
   */
  void fill(NDArray target, List<String> names) {
    long elements = target.getShape().get(0);
    int each = Math.toIntExact(names.size() / elements);
    long rows = target.getShape().get(1) / each;
    if (overlay != WeightOverlay.NONE || !tensors.areAlike(names)) {
      for (int i = 0; i < names.size(); i++) {
        place(target, names.get(i), i / each, i % each * rows);
      }
      return;
    }
    int most = (int) Math.max(1, READ_AT_ONCE * elements / target.size());
    for (int from = 0; from < elements; from += most) {
      int to = (int) Math.min(elements, from + most);
      placeTogether(target, names.subList(from * each, to * each), from, to);
    }
  }

  private void placeTogether(NDArray target, List<String> names, int from, int to) {
    long[] shape = target.getShape().getShape().clone();
    shape[0] = to - from;
    try (TensorScope loading = scope.child(names.get(0))) {
      NDArray stored = tensors.together(loading, names, shape);
      loading.runInPlace("weights.place_elements", target, stored, from);
    }
  }

  /** Copies a matrix [rows, n], as float32, into target[index, row:row+rows] of [C, R, n]. */
  private void place(NDArray target, String name, int index, long row) {
    try (TensorScope loading = scope.child(name)) {
      NDArray source =
          overlay.weight(loading, name).orElseGet(() -> tensors.find(name).load(loading));
      loading.runInPlace("weights.place", target, source, index, row);
    }
  }
}
