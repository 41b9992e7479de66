package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.storage.QuantizedBatch;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.TorchDtype;

/**
 * The solution of one module as tensors {@code <module>.solved.<part>} among those of its layer:
 * from which training starts.
 *
 * @param codes uint8 [R, K]
 * @param scale float32 [R, G]
 * @param zero float32 [R, G]
 * @param outer NVFP4's scale of the whole tensor, float32 [1]; for K-quants what scales and minima
 *     of each 256 weights are multiples of, float32 [R, K / 256, 1 or 2]
 * @param largestInput largest absolute input, float32 [1]
 */
public record SolvedModule(
    NDArray codes, NDArray scale, NDArray zero, NDArray outer, NDArray largestInput) {

  private static final String INFIX = ".solved.";

  /** Reads a module's solution into a scope. */
  public static SolvedModule read(TensorScope scope, SafetensorsFile layer, String module) {
    return new SolvedModule(
        read(scope, layer, module, "codes", TorchDtype.UINT8),
        read(scope, layer, module, "scale", TorchDtype.FLOAT32),
        read(scope, layer, module, "zero", TorchDtype.FLOAT32),
        read(scope, layer, module, "outer", TorchDtype.FLOAT32),
        read(scope, layer, module, "largest", TorchDtype.FLOAT32));
  }

  /** Whether the file of a layer holds the module's solution. */
  public static boolean has(SafetensorsFile layer, String module) {
    return layer.has(module + INFIX + "codes");
  }

  /** The solutions of a batch; element b is the module {@code modules[b]}. */
  static List<TensorSource> of(TensorScope parent, QuantizedBatch batch, List<String> modules) {
    List<TensorSource> tensors = new ArrayList<>();
    try (TensorScope scope = parent.child("solutions")) {
      tensors.addAll(split(scope, batch.codes(), Dtype.U8, "codes", modules));
      tensors.addAll(split(scope, batch.scale(), Dtype.F32, "scale", modules));
      tensors.addAll(split(scope, batch.zero(), Dtype.F32, "zero", modules));
      tensors.addAll(split(scope, batch.outer(), Dtype.F32, "outer", modules));
      tensors.addAll(split(scope, batch.largestInput(), Dtype.F32, "largest", modules));
    }
    return tensors;
  }

  private static NDArray read(
      TensorScope scope, SafetensorsFile layer, String module, String part, TorchDtype dtype) {
    String name = module + INFIX + part;
    long[] shape = layer.info(name).shape().stream().mapToLong(Long::longValue).toArray();
    return scope.tensor(dtype, shape, layer.bytes(name));
  }

  private static List<TensorSource> split(
      TensorScope scope, NDArray array, Dtype dtype, String part, List<String> modules) {
    ByteBuffer all = scope.toBytes(array);
    long[] shape = array.getShape().getShape();
    List<Long> own = Arrays.stream(shape).skip(1).boxed().toList();
    int size = all.remaining() / Math.toIntExact(shape[0]);
    List<TensorSource> tensors = new ArrayList<>();
    for (int b = 0; b < modules.size(); b++) {
      TensorInfo info =
          new TensorInfo(modules.get(b) + INFIX + part, dtype, own.isEmpty() ? List.of(1L) : own);
      tensors.add(TensorSource.of(info, all.slice(b * size, size)));
    }
    return tensors;
  }
}
