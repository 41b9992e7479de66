package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.model.ResidualStream;
import org.alphaquant.model.block.Attention;
import org.alphaquant.storage.CacheScales;
import org.alphaquant.torch.TensorScope;

/**
 * Scales of the keys and values that an engine stores in E4M3: their largest absolute value over
 * the calibration tokens, divided by the largest number of the format.
 */
final class CacheCalibration {

  private static final float LARGEST_E4M3 = 448;

  private CacheCalibration() {}

  /** The scales of one attention module with its current weights. */
  static List<TensorSource> scales(
      TensorScope parent, String module, Attention attention, ResidualStream stream, Rank rank) {
    List<TensorInfo> infos = CacheScales.of(module);
    float[] largest = new float[infos.size()];
    for (NDArray x : stream.microBatches()) {
      try (TensorScope scope = parent.child("cache")) {
        List<NDArray> cached = attention.keysAndValues(scope, x);
        for (int i = 0; i < largest.length; i++) {
          NDArray zero = scope.run("tensor.zeros", x, 1);
          NDArray own = scope.run("tensor.largest", cached.get(i), zero);
          largest[i] = Math.max(largest[i], scope.toFloats(own)[0]);
        }
      }
    }
    for (float[] other : rank.all(largest.clone())) {
      for (int i = 0; i < largest.length; i++) {
        largest[i] = Math.max(largest[i], other[i]);
      }
    }
    List<TensorSource> scales = new ArrayList<>();
    for (int i = 0; i < largest.length; i++) {
      scales.add(TensorSource.of(infos.get(i), number(largest[i])));
    }
    return scales;
  }

  // Where all are zero, any scale gives zeros back.
  private static ByteBuffer number(float largest) {
    float scale = largest == 0 ? 1 : largest / LARGEST_E4M3;
    return ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN).putFloat(scale).flip();
  }
}
