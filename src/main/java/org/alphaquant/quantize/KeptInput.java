package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.util.ArrayList;
import java.util.List;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.TorchDtype;

/**
 * What the linears of one input read, as it is kept under the name of the first of them: {@code
 * NAME.hessian}, the upper triangle of the Hessian row by row, and {@code NAME.statistics}, float64
 * [5].
 *
 * @param tokens how many it was summed over
 * @param weight sum of what its tokens count, w
 * @param squares sum of w²
 * @param fourth sum of w² |x|⁴
 * @param largest largest absolute value
 */
record KeptInput(double tokens, double weight, double squares, double fourth, double largest) {

  private static final String HESSIAN = ".hessian";
  private static final String STATISTICS = ".statistics";
  private static final int NUMBERS = 5;

  /**
   * The tensors of a batch.
   *
   * @param names one for each element
   * @param hessians float32 [C, K, K]
   * @param statistics float64 [C, 5]
   * @param dtype that triangles are kept in
   */
  static List<TensorSource> of(
      TensorScope parent, List<String> names, NDArray hessians, NDArray statistics, Dtype dtype) {
    List<TensorSource> tensors = new ArrayList<>();
    try (TensorScope scope = parent.child("keep")) {
      ByteBuffer numbers = scope.toBytes(statistics);
      int size = NUMBERS * Double.BYTES;
      for (int c = 0; c < names.size(); c++) {
        try (TensorScope one = scope.child("triangle")) {
          NDArray triangle = one.run("kept.packed", hessians, c, torch(dtype).number());
          TensorInfo info =
              new TensorInfo(names.get(c) + HESSIAN, dtype, List.of(triangle.getShape().get(0)));
          tensors.add(TensorSource.of(info, one.toBytes(triangle)));
        }
        TensorInfo info =
            new TensorInfo(names.get(c) + STATISTICS, Dtype.F64, List.of((long) NUMBERS));
        tensors.add(TensorSource.of(info, numbers.slice(c * size, size)));
      }
    }
    return tensors;
  }

  /** The same of tokens that count so much more. */
  KeptInput counting(double factor) {
    double square = factor * factor;
    return new KeptInput(tokens, factor * weight, square * squares, square * fourth, largest);
  }

  /** Whether a layer's file has what these linears read. */
  static boolean has(SafetensorsFile layer, String name) {
    return layer.has(name + HESSIAN);
  }

  /** The numbers beside a Hessian. */
  static KeptInput statistics(SafetensorsFile layer, String name) {
    DoubleBuffer numbers =
        layer.bytes(name + STATISTICS).get(0).order(ByteOrder.LITTLE_ENDIAN).asDoubleBuffer();
    return new KeptInput(
        numbers.get(0), numbers.get(1), numbers.get(2), numbers.get(3), numbers.get(4));
  }

  /**
   * The Hessians of a batch, float32 [C, K, K], owned by {@code scope}.
   *
   * @param width K
   */
  static NDArray hessians(
      TensorScope scope, SafetensorsFile layer, List<String> names, long width, NDArray like) {
    NDArray hessians = scope.run("kept.empty", like, names.size(), width);
    for (int c = 0; c < names.size(); c++) {
      place(scope, layer, names.get(c), hessians, c);
    }
    return hessians;
  }

  private static void place(
      TensorScope scope, SafetensorsFile layer, String name, NDArray hessians, int element) {
    String tensor = name + HESSIAN;
    if (!layer.has(tensor)) {
      throw ModelException.tensor(
          name, "has no Hessian in the calibration, whose configuration leaves it as it is");
    }
    long width = hessians.getShape().get(1);
    TensorInfo info = layer.info(tensor);
    if (info.elements() != width * (width + 1) / 2) {
      throw new IllegalArgumentException(
          "%s has %d numbers; the triangle of %d inputs has %d"
              .formatted(tensor, info.elements(), width, width * (width + 1) / 2));
    }
    try (TensorScope one = scope.child("triangle")) {
      NDArray triangle =
          one.tensor(torch(info.dtype()), new long[] {info.elements()}, layer.bytes(tensor));
      one.runInPlace("kept.place", hessians, element, triangle);
    }
  }

  private static TorchDtype torch(Dtype dtype) {
    return dtype == Dtype.BF16 ? TorchDtype.BFLOAT16 : TorchDtype.FLOAT32;
  }
}
