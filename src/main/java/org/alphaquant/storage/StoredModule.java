package org.alphaquant.storage;

import ai.djl.ndarray.NDArray;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.NumberFormat.Kind;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.format.WeightGrid;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.TorchDtype;

/** Reads one linear from the tensors that {@link StoredLinear} made, whatever the format. */
public final class StoredModule {

  private final Checkpoint checkpoint;
  private final TensorScope scope;
  private final String module;
  private final TensorScheme scheme;
  private final NumberFormat format;

  public StoredModule(
      Checkpoint checkpoint, TensorScope scope, String module, TensorScheme scheme) {
    this.checkpoint = checkpoint;
    this.scope = scope;
    this.module = module;
    this.scheme = scheme;
    this.format = scheme.format();
  }

  /** The dequantized weight, float32 [N, K]. */
  public NDArray weight() {
    return isPlain() ? floats("weight") : checkpoint.has(name("qweight")) ? gptq() : packed();
  }

  private boolean isPlain() {
    return checkpoint.has(name("weight"))
        && List.of(Dtype.BF16, Dtype.F16, Dtype.F32).contains(info("weight").dtype());
  }

  private NDArray packed() {
    long[] shape = shape();
    NDArray scale = scale();
    NDArray zero = scheme.symmetric() ? scope.run("linear.zeros_like", scale) : zero(shape[0]);
    return dequantized(codes(shape[1]), scale, zero);
  }

  private NDArray gptq() {
    long inputs = info("g_idx").shape().get(0);
    NDArray codes = scope.run("packing.codes_from_words", words("qweight"), format.bits(), inputs);
    NDArray scale = scope.run("packing.transposed", floats("scales"));
    return dequantized(codes, scale, scope.run("linear.zeros_like", scale));
  }

  private NDArray dequantized(NDArray codes, NDArray scale, NDArray zero) {
    WeightGrid grid = WeightGrid.of(scheme, codes.getShape().get(1), TorchDtype.BFLOAT16);
    return scope.run("format.dequantize", codes, scale, zero, grid.grid(), grid.groupSize());
  }

  private long[] shape() {
    if (checkpoint.has(name("weight_shape"))) {
      ByteBuffer stored = checkpoint.bytes(name("weight_shape")).get(0).duplicate();
      stored.order(ByteOrder.LITTLE_ENDIAN);
      return new long[] {stored.getLong(), stored.getLong()};
    }
    List<Long> stored = info(codesSuffix()).shape();
    return new long[] {stored.get(0), stored.get(1) * Byte.SIZE / format.bits()};
  }

  private String codesSuffix() {
    return checkpoint.has(name("weight_packed")) ? "weight_packed" : "weight";
  }

  private NDArray codes(long inputs) {
    TensorInfo stored = info(codesSuffix());
    if (stored.dtype() == Dtype.I8) {
      return scope.run("packing.unsigned", typed(stored, TorchDtype.INT8), format.smallest());
    }
    NDArray bytes = bytes(codesSuffix());
    return format.bits() == 8 && format.kind() != Kind.INT
        ? bytes
        : scope.run("packing.unpack", bytes, format.bits(), inputs);
  }

  private NDArray scale() {
    TensorInfo stored = info("weight_scale");
    return switch (format.scale()) {
      case NONE, MODEL_DTYPE -> floats("weight_scale");
      case E8M0 -> scope.run("packing.powers_of_two", bytes("weight_scale"));
      case E4M3_WITH_GLOBAL ->
          scope.run(
              "packing.divided",
              typed(stored, TorchDtype.FLOAT8_E4M3),
              floats("weight_global_scale"));
    };
  }

  private NDArray zero(long outputs) {
    if (info("weight_zero_point").dtype() == Dtype.I8) {
      return floats("weight_zero_point");
    }
    return scope.run(
        "packing.zeros_from_words",
        words("weight_zero_point"),
        format.bits(),
        outputs,
        format.smallest());
  }

  private NDArray words(String suffix) {
    TensorInfo stored = info(suffix);
    long[] shape = {stored.shape().get(0), stored.shape().get(1), Integer.BYTES};
    return scope.tensor(TorchDtype.UINT8, shape, checkpoint.bytes(stored.name()));
  }

  private NDArray bytes(String suffix) {
    TensorInfo stored = info(suffix);
    long rows = stored.shape().get(0);
    long[] shape = {rows, stored.bytes() / rows};
    return scope.tensor(TorchDtype.UINT8, shape, checkpoint.bytes(stored.name()));
  }

  private NDArray floats(String suffix) {
    TensorInfo stored = info(suffix);
    TorchDtype dtype =
        stored.dtype() == Dtype.I8 ? TorchDtype.INT8 : StoredLinear.torchDtype(stored.dtype());
    return scope.run("memory.to_dtype", typed(stored, dtype), TorchDtype.FLOAT32.number());
  }

  private NDArray typed(TensorInfo stored, TorchDtype dtype) {
    long[] shape = stored.shape().stream().mapToLong(Long::longValue).toArray();
    return scope.tensor(dtype, shape, checkpoint.bytes(stored.name()));
  }

  private TensorInfo info(String suffix) {
    return checkpoint.info(name(suffix));
  }

  private String name(String suffix) {
    return module + "." + suffix;
  }
}
