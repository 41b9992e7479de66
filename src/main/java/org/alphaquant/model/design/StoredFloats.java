package org.alphaquant.model.design;

import java.util.Map;
import java.util.Optional;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.model.ModelException;
import org.alphaquant.torch.TorchDtype;

/** The element types that weights may be stored in, and the scales that fp8 ones come with. */
final class StoredFloats {

  private static final Map<Dtype, TorchDtype> READ =
      Map.of(
          Dtype.F64, TorchDtype.FLOAT64,
          Dtype.F32, TorchDtype.FLOAT32,
          Dtype.F16, TorchDtype.FLOAT16,
          Dtype.BF16, TorchDtype.BFLOAT16,
          Dtype.F8_E4M3, TorchDtype.FLOAT8_E4M3);

  private StoredFloats() {}

  static TorchDtype torchDtype(TensorInfo info) {
    TorchDtype dtype = READ.get(info.dtype());
    if (dtype == null) {
      throw ModelException.tensor(
          info.name(), "is stored as " + info.dtype() + "; weights are read from " + READ.keySet());
    }
    return dtype;
  }

  static boolean isFp8(TensorInfo info) {
    return info.dtype() == Dtype.F8_E4M3;
  }

  /** The tensor that scales an fp8 weight block by block, where the checkpoint has one. */
  static Optional<TensorInfo> scale(Checkpoint checkpoint, String name) {
    String scale = name + "_scale_inv";
    return checkpoint.has(scale) ? Optional.of(checkpoint.info(scale)) : Optional.empty();
  }

  static void check(Checkpoint checkpoint, TensorInfo info) {
    torchDtype(info);
    Optional<TensorInfo> scale = scale(checkpoint, info.name());
    if (isFp8(info) && scale.isEmpty()) {
      throw ModelException.tensor(
          info.name(), "is fp8 but " + info.name() + "_scale_inv is missing");
    }
    if (!isFp8(info) && scale.isPresent()) {
      throw ModelException.tensor(
          scale.get().name(), "is there but " + info.name() + " is " + info.dtype() + ", not fp8");
    }
    if (isFp8(info)) {
      Fp8Blocks.of(checkpoint).check(info, scale.get());
    }
  }
}
