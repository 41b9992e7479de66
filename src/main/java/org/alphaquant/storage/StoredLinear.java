package org.alphaquant.storage;

import ai.djl.ndarray.NDArray;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.TorchDtype;

/**
 * The tensors that hold quantized linears in a checkpoint: rows {@code first..last} of every
 * element of a solved batch, element b being the module {@code modules[b]}. Which tensors these
 * are, and of what type and shape, is the output format's to say; here they get their numbers.
 */
public final class StoredLinear {

  private final TensorScope scope;
  private final TensorScheme scheme;
  private final NDArray weight;
  private final NDArray codes;
  private final NDArray scale;
  private final NDArray zero;
  private final NDArray outer;
  private final NDArray largestInput;

  private StoredLinear(
      TensorScope scope, QuantizedBatch batch, TensorScheme scheme, long first, long last) {
    this.largestInput = batch.largestInput();
    this.scope = scope;
    this.scheme = scheme;
    this.weight = scope.run("packing.rows", batch.weight(), first, last);
    this.codes = scope.run("packing.rows", batch.codes(), first, last);
    this.scale = scope.run("packing.rows", batch.scale(), first, last);
    this.zero = scope.run("packing.rows", batch.zero(), first, last);
    this.outer = batch.outer();
  }

  /**
   * The finished tensors, in host memory.
   *
   * @param dtype the model's own, for scales and plain weights
   * @param modules element b's rows are the module {@code modules[b]}
   */
  public static List<TensorSource> tensors(
      TensorScope parent,
      QuantizedBatch batch,
      TensorScheme scheme,
      OutputFormat format,
      Dtype dtype,
      long first,
      long last,
      List<String> modules) {
    try (TensorScope scope = parent.child("pack")) {
      StoredLinear stored = new StoredLinear(scope, batch, scheme, first, last);
      long inputs = stored.codes.getShape().get(2);
      long outputs = last - first;
      String name = modules.get(0);
      ExportModule module = new ExportModule(name, outputs, inputs, false, scheme);
      List<TensorSource> tensors = new ArrayList<>();
      for (TensorInfo info : format.tensors(module, dtype)) {
        String suffix = info.name().substring(name.length());
        ByteBuffer all = stored.bytes(suffix.substring(1), info, modules.size());
        tensors.addAll(split(info, suffix, all, modules));
      }
      return tensors;
    }
  }

  // One copy from the device for the whole batch; each module's tensor is a slice of it.
  private static List<TensorSource> split(
      TensorInfo info, String suffix, ByteBuffer all, List<String> modules) {
    int size = Math.toIntExact(info.bytes());
    if (all.remaining() != (long) size * modules.size()) {
      throw new IllegalStateException(
          "%s takes %d bytes for each of %d modules but %d are there"
              .formatted(info, size, modules.size(), all.remaining()));
    }
    List<TensorSource> tensors = new ArrayList<>();
    for (int b = 0; b < modules.size(); b++) {
      TensorInfo own = info.renamed(modules.get(b) + suffix);
      tensors.add(TensorSource.of(own, all.slice(b * size, size)));
    }
    return tensors;
  }

  private ByteBuffer bytes(String suffix, TensorInfo info, int count) {
    return suffix.equals("weight_shape") ? shapes(count) : scope.toBytes(plane(suffix, info));
  }

  private NDArray plane(String suffix, TensorInfo info) {
    int bits = scheme.format().bits();
    double least = scheme.format().smallest();
    return switch (suffix) {
      case "weight" -> weight(info.dtype(), least);
      case "weight_packed" ->
          scope.run("packing.pack", codes, bits, info.dtype() == Dtype.I32 ? Integer.BYTES : 1);
      case "weight_scale" -> scale(info.dtype());
      case "weight_zero_point" ->
          info.dtype() == Dtype.I8
              ? converted(zero, TorchDtype.INT8)
              : scope.run("packing.words_down", scope.run("packing.zero_codes", zero, least), bits);
      case "weight_global_scale" ->
          converted(scope.run("packing.reciprocal", outer), TorchDtype.FLOAT32);
      case "input_global_scale" ->
          converted(scope.run("packing.input_divisor", largestInput), TorchDtype.FLOAT32);
      case "qweight" -> scope.run("packing.words_down", scope.run("packing.swap", codes), bits);
      case "qzeros" ->
          scope.run("packing.gptq_zeros", scope.run("packing.swap", zero), least, bits);
      case "scales" -> converted(scope.run("packing.swap", scale), TorchDtype.FLOAT16);
      case "g_idx" -> scope.run("packing.group_index", codes, scale);
      default ->
          throw new IllegalStateException("no numbers are known for " + info + " of " + scheme);
    };
  }

  private NDArray weight(Dtype dtype, double least) {
    return switch (dtype) {
      case I8 -> converted(scope.run("packing.signed", codes, least), TorchDtype.INT8);
      case BF16, F16, F32 -> converted(weight, torchDtype(dtype));
      case U8 -> scope.run("packing.pack", codes, scheme.format().bits(), 1);
      default -> codes;
    };
  }

  private NDArray scale(Dtype dtype) {
    return switch (dtype) {
      case U8 -> scope.run("packing.exponents", scale);
      case F8_E4M3 -> scope.run("packing.local_scales", scale, outer);
      default -> converted(scale, torchDtype(dtype));
    };
  }

  private NDArray converted(NDArray batch, TorchDtype dtype) {
    return scope.run("packing.as_bytes", batch, dtype.number());
  }

  private ByteBuffer shapes(int count) {
    ByteBuffer shapes = ByteBuffer.allocate(16 * count).order(ByteOrder.LITTLE_ENDIAN);
    for (int b = 0; b < count; b++) {
      shapes.putLong(codes.getShape().get(1)).putLong(codes.getShape().get(2));
    }
    return shapes.flip();
  }

  /** The dtype as the scripts know it, for those that weights and scales are kept in. */
  public static TorchDtype torchDtype(Dtype dtype) {
    return switch (dtype) {
      case F16 -> TorchDtype.FLOAT16;
      case F32 -> TorchDtype.FLOAT32;
      default -> TorchDtype.BFLOAT16;
    };
  }
}
