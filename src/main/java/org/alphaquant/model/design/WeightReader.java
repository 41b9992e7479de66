package org.alphaquant.model.design;

import ai.djl.ndarray.NDArray;
import java.util.Arrays;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.model.WeightOverlay;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.TorchDtype;

/** Reads tensors of a checkpoint into a scope, as fp32 whatever they are stored in. */
public record WeightReader(Checkpoint checkpoint, TensorScope scope, WeightOverlay overlay) {

  private static final int FLOAT32 = TorchDtype.FLOAT32.number();

  /** The same checkpoint, read into another scope. */
  public WeightReader into(TensorScope other) {
    return new WeightReader(checkpoint, other, overlay);
  }

  /**
   * A tensor as fp32, the overlay's where it has one; fp8 blocks are multiplied with their scales.
   */
  public NDArray floats(String name) {
    return overlay.weight(scope, name).orElseGet(() -> ownFloats(name));
  }

  private NDArray ownFloats(String name) {
    TensorInfo info = checkpoint.info(name);
    try (TensorScope loading = scope.child(name)) {
      NDArray stored = into(loading).stored(name);
      NDArray floats =
          StoredFloats.isFp8(info)
              ? into(loading).dequantized(name, stored)
              : loading.run("memory.to_dtype", stored, FLOAT32);
      return loading.keep(scope, floats);
    }
  }

  /** A tensor in the type it is stored in. */
  public NDArray stored(String name) {
    TensorInfo info = checkpoint.info(name);
    return scope.tensor(StoredFloats.torchDtype(info), dimensions(info), checkpoint.bytes(name));
  }

  /** Copies a matrix [rows, n], as fp32, into target[index, row:row+rows] of target [C, R, n]. */
  void place(NDArray target, String name, int index, long row) {
    try (TensorScope loading = scope.child(name)) {
      NDArray source = overlay.weight(loading, name).orElseGet(() -> into(loading).sourceOf(name));
      loading.runInPlace("weights.place", target, source, index, row);
    }
  }

  /** Copies one matrix of a tensor [E, rows, n], as fp32, into target[index]. */
  void placeSlice(NDArray target, String name, int slice, int index) {
    try (TensorScope loading = scope.child(name)) {
      NDArray source = into(loading).slice(name, slice);
      loading.runInPlace("weights.place", target, source, index, 0);
    }
  }

  /** Element {@code index} of a tensor's first dimension, in the type it is stored in. */
  NDArray slice(String name, int index) {
    TensorInfo info = checkpoint.info(name);
    long[] shape = dimensions(info);
    long size = info.bytes() / shape[0];
    TorchDtype dtype = info.dtype() == Dtype.U8 ? TorchDtype.UINT8 : StoredFloats.torchDtype(info);
    return scope.tensor(
        dtype,
        Arrays.copyOfRange(shape, 1, shape.length),
        ByteRange.of(checkpoint.bytes(name), index * size, size));
  }

  /** Puts the overlay's weight of that name, where it has one, over target[index, row:row+rows]. */
  void overlay(NDArray target, String name, int index, long row) {
    try (TensorScope loading = scope.child(name)) {
      overlay
          .weight(loading, name)
          .ifPresent(weight -> loading.runInPlace("weights.place", target, weight, index, row));
    }
  }

  private NDArray sourceOf(String name) {
    return StoredFloats.isFp8(checkpoint.info(name)) ? ownFloats(name) : stored(name);
  }

  private NDArray dequantized(String name, NDArray stored) {
    Fp8Blocks blocks = Fp8Blocks.of(checkpoint);
    NDArray scale = stored(StoredFloats.scale(checkpoint, name).orElseThrow().name());
    return scope.run("weights.dequantize_blocks", stored, scale, blocks.rows(), blocks.columns());
  }

  private static long[] dimensions(TensorInfo info) {
    return info.shape().stream().mapToLong(Long::longValue).toArray();
  }
}
