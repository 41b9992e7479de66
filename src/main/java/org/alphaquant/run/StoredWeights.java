package org.alphaquant.run;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.format.WeightGrid;
import org.alphaquant.job.JobError;
import org.alphaquant.job.RunFailure;
import org.alphaquant.model.WeightOverlay;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.TorchDtype;

/**
 * The weights of a finished checkpoint as an engine reads them: what {@link StoredLinear} packed is
 * unpacked and dequantized from the written bytes, so that a figure measured on them is the
 * checkpoint's own.
 */
final class StoredWeights implements WeightOverlay {

  private static final String WEIGHT = ".weight";

  private final Checkpoint checkpoint;
  private final Map<String, TensorScheme> schemes;

  StoredWeights(Checkpoint checkpoint, Map<String, TensorScheme> schemes) {
    this.checkpoint = checkpoint;
    this.schemes = schemes;
  }

  @Override
  public Optional<NDArray> weight(TensorScope scope, String tensor) {
    if (!tensor.endsWith(WEIGHT)) {
      return Optional.empty();
    }
    String module = tensor.substring(0, tensor.length() - WEIGHT.length());
    TensorScheme scheme = schemes.getOrDefault(module, TensorScheme.UNQUANTIZED);
    return scheme.format().isUnquantized()
        ? Optional.empty()
        : Optional.of(dequantized(scope, module, scheme));
  }

  /**
   * Compares a stored linear with what the solver left.
   *
   * @throws RunFailure if they differ, which only a fault of this program or of the disk can make
   */
  void verify(TensorScope scope, LinearReport linear) {
    NDArray weight = weight(scope, linear.module() + WEIGHT).orElseThrow();
    NDArray batch = scope.run("packing.stack", new NDList(weight));
    long checksum = scope.toLongs(scope.run("packing.checksum", batch))[0];
    if (checksum != linear.checksum()) {
      throw new RunFailure(
          JobError.Kind.INTERNAL,
          "checkpoint-mismatch",
          "%s (%s) reads back from the written checkpoint as other numbers than were solved"
              .formatted(linear.module(), linear.format()));
    }
  }

  private NDArray dequantized(TensorScope parent, String module, TensorScheme scheme) {
    try (TensorScope scope = parent.child("dequantize " + module)) {
      long[] shape = shape(module, scheme.format());
      NDArray codes = codes(scope, module, scheme.format(), shape[1]);
      NDArray scale = scale(scope, module, scheme.format());
      NDArray zero =
          scheme.symmetric()
              ? scope.run("linear.zeros_like", scale)
              : zero(scope, module, scheme.format(), shape[0]);
      WeightGrid grid = WeightGrid.of(scheme, shape[1], TorchDtype.BFLOAT16);
      NDArray weight =
          scope.run("format.dequantize", codes, scale, zero, grid.grid(), grid.groupSize());
      return scope.keep(parent, weight);
    }
  }

  private long[] shape(String module, NumberFormat format) {
    if (checkpoint.has(module + ".weight_shape")) {
      ByteBuffer stored = checkpoint.bytes(module + ".weight_shape").get(0).duplicate();
      stored.order(ByteOrder.LITTLE_ENDIAN);
      return new long[] {stored.getLong(), stored.getLong()};
    }
    if (format.bits() == 8) {
      List<Long> shape = checkpoint.info(module + WEIGHT).shape();
      return new long[] {shape.get(0), shape.get(1)};
    }
    List<Long> packed = checkpoint.info(module + ".weight_packed").shape();
    return new long[] {packed.get(0), packed.get(1) * Byte.SIZE / format.bits()};
  }

  private NDArray codes(TensorScope scope, String module, NumberFormat format, long inputs) {
    boolean plain = format.bits() == 8 && format.kind() != NumberFormat.Kind.INT;
    NDArray stored = bytes(scope, module + (plain ? WEIGHT : ".weight_packed"));
    return plain ? stored : scope.run("packing.unpack", stored, format.bits(), inputs);
  }

  private NDArray scale(TensorScope scope, String module, NumberFormat format) {
    String name = module + ".weight_scale";
    return switch (format.scale()) {
      case NONE, MODEL_DTYPE ->
          scope.run(
              "memory.to_dtype",
              typed(scope, name, TorchDtype.BFLOAT16),
              TorchDtype.FLOAT32.number());
      case E8M0 -> scope.run("packing.powers_of_two", bytes(scope, name));
      case E4M3_WITH_GLOBAL ->
          scope.run(
              "packing.divided",
              typed(scope, name, TorchDtype.FLOAT8_E4M3),
              typed(scope, module + ".weight_global_scale", TorchDtype.FLOAT32));
    };
  }

  private NDArray zero(TensorScope scope, String module, NumberFormat format, long outputs) {
    TensorInfo info = checkpoint.info(module + ".weight_zero_point");
    long[] shape = {info.shape().get(0), info.shape().get(1), Integer.BYTES};
    NDArray packed = scope.tensor(TorchDtype.UINT8, shape, checkpoint.bytes(info.name()));
    return scope.run("packing.zeros_from_words", packed, format.bits(), outputs, format.smallest());
  }

  private NDArray bytes(TensorScope scope, String name) {
    TensorInfo info = checkpoint.info(name);
    long rows = info.shape().get(0);
    long[] shape = {rows, info.bytes() / rows};
    return scope.tensor(TorchDtype.UINT8, shape, checkpoint.bytes(name));
  }

  private NDArray typed(TensorScope scope, String name, TorchDtype dtype) {
    long[] shape = checkpoint.info(name).shape().stream().mapToLong(Long::longValue).toArray();
    return scope.tensor(dtype, shape, checkpoint.bytes(name));
  }
}
