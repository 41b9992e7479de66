package org.alphaquant.run;

import ai.djl.ndarray.NDArray;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.gptq.Solution;
import org.alphaquant.torch.TensorScope;

/**
 * The tensors that hold quantized linears in a compressed-tensors checkpoint: rows {@code
 * first..last} of every element of a solved batch, element b being the module {@code modules[b]}.
 * Suffixes, dtypes and shapes follow compressed-tensors 0.18, compressors/pack_quantized,
 * naive_quantized, mxfp4, mxfp8 and nvfp4.
 */
final class StoredLinear {

  private static final int BFLOAT16 = 15;
  private static final int FLOAT32 = 6;

  private final TensorScope scope;
  private final Solution solution;
  private final TensorScheme scheme;
  private final long first;
  private final long last;
  private final List<String> modules;
  private final List<TensorSource> tensors = new ArrayList<>();

  private StoredLinear(
      TensorScope scope,
      Solution solution,
      TensorScheme scheme,
      long first,
      long last,
      List<String> modules) {
    this.scope = scope;
    this.solution = solution;
    this.scheme = scheme;
    this.first = first;
    this.last = last;
    this.modules = modules;
  }

  static List<TensorSource> tensors(
      TensorScope parent,
      Solution solution,
      TensorScheme scheme,
      long first,
      long last,
      List<String> modules) {
    try (TensorScope scope = parent.child("pack")) {
      StoredLinear stored = new StoredLinear(scope, solution, scheme, first, last, modules);
      stored.addAll();
      return stored.tensors;
    }
  }

  private void addAll() {
    NDArray codes = rows(solution.codes());
    NDArray scale = rows(solution.scale());
    NumberFormat format = scheme.format();
    switch (format.kind()) {
      case INT -> addInteger(codes, scale);
      case FP -> {
        addCodes(codes);
        add("weight_scale", Dtype.BF16, shape(scale), bytes(scale, BFLOAT16));
      }
      case MX -> {
        addCodes(codes);
        add("weight_scale", Dtype.U8, shape(scale), scope.run("packing.exponents", scale));
      }
      case NV -> {
        addCodes(codes);
        NDArray local = scope.run("packing.local_scales", scale, solution.outer());
        add("weight_scale", Dtype.F8_E4M3, shape(scale), local);
        NDArray divisor = scope.run("packing.reciprocal", solution.outer());
        add("weight_global_scale", Dtype.F32, List.of(1L), bytes(divisor, FLOAT32));
      }
      case NONE -> throw new IllegalArgumentException(format.jsonName() + " is not packed");
    }
  }

  private void addInteger(NDArray codes, NDArray scale) {
    int bits = scheme.format().bits();
    long inputs = codes.getShape().get(2);
    NDArray packed = scope.run("packing.words", codes, bits);
    add("weight_packed", Dtype.I32, List.of(outputs(), words(inputs, bits)), packed);
    add("weight_scale", Dtype.BF16, shape(scale), bytes(scale, BFLOAT16));
    addShape(inputs);
    if (!scheme.symmetric()) {
      double least = scheme.format().smallest();
      NDArray zeros = scope.run("packing.zero_codes", rows(solution.zero()), least);
      List<Long> shape = List.of(words(outputs(), bits), scale.getShape().get(2));
      add("weight_zero_point", Dtype.I32, shape, scope.run("packing.words_down", zeros, bits));
    }
  }

  // 8-bit floats keep their own dtype under the linear's old name; smaller ones are packed bytes.
  private void addCodes(NDArray codes) {
    NumberFormat format = scheme.format();
    long inputs = codes.getShape().get(2);
    if (format.bits() == 8) {
      Dtype dtype = format == NumberFormat.FP8_E5M2 ? Dtype.F8_E5M2 : Dtype.F8_E4M3;
      add("weight", dtype, List.of(outputs(), inputs), codes);
    } else {
      NDArray packed = scope.run("packing.pack", codes, format.bits(), 1);
      add("weight_packed", Dtype.U8, List.of(outputs(), packed.getShape().get(2)), packed);
    }
  }

  private void addShape(long inputs) {
    for (String module : modules) {
      ByteBuffer shape = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
      shape.putLong(outputs()).putLong(inputs).flip();
      TensorInfo info = new TensorInfo(module + ".weight_shape", Dtype.I64, List.of(2L));
      tensors.add(TensorSource.of(info, shape));
    }
  }

  // One copy from the device for the whole batch; each module's tensor is a slice of it.
  private void add(String suffix, Dtype dtype, List<Long> shape, NDArray batch) {
    ByteBuffer all = scope.toBytes(batch);
    int size = all.remaining() / modules.size();
    for (int b = 0; b < modules.size(); b++) {
      TensorInfo info = new TensorInfo(modules.get(b) + "." + suffix, dtype, shape);
      tensors.add(TensorSource.of(info, all.slice(b * size, size)));
    }
  }

  private NDArray rows(NDArray batch) {
    return scope.run("packing.rows", batch, first, last);
  }

  private NDArray bytes(NDArray batch, int dtype) {
    return scope.run("packing.as_bytes", batch, dtype);
  }

  private long outputs() {
    return last - first;
  }

  private static List<Long> shape(NDArray batch) {
    return List.of(batch.getShape().get(1), batch.getShape().get(2));
  }

  private static long words(long count, int bits) {
    return (count * bits + 31) / 32;
  }
}
