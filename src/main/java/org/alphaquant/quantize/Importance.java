package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.quantize.BatchQuantizer.Part;
import org.alphaquant.torch.TensorScope;

/**
 * What an error of each input counts for a module: the diagonal of its Hessian, the weighted sum of
 * the input's squares, starved experts helped by the layer's mean.
 */
public final class Importance {

  private static final String SUFFIX = ".importance";

  private Importance() {}

  /** Name of a module's tensor, float32 [K], among those of its layer. */
  public static String name(String module) {
    return module + SUFFIX;
  }

  static List<TensorSource> of(TensorScope parent, NDArray hessian, List<Part> parts) {
    try (TensorScope scope = parent.child("importance")) {
      ByteBuffer diagonals = scope.toBytes(scope.run("scales.importance", hessian, true));
      int inputs = Math.toIntExact(hessian.getShape().get(1));
      int size = inputs * Float.BYTES;
      List<TensorSource> tensors = new ArrayList<>();
      for (Part part : parts) {
        for (int b = 0; b < part.modules().size(); b++) {
          TensorInfo info =
              new TensorInfo(name(part.modules().get(b)), Dtype.F32, List.of((long) inputs));
          tensors.add(TensorSource.of(info, diagonals.slice(b * size, size)));
        }
      }
      return tensors;
    }
  }
}
