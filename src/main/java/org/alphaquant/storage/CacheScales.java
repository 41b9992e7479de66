package org.alphaquant.storage;

import java.util.List;
import java.util.stream.Stream;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;

/**
 * Scales that an attention module's keys and values are divided by before they are stored in an fp8
 * cache, as compressed-tensors names them (0.18, {@code quantization/lifecycle/initialize.py}).
 */
public final class CacheScales {

  private CacheScales() {}

  /** Those of one attention module: of its keys, after norms and rotation, and of its values. */
  public static List<TensorInfo> of(String module) {
    return Stream.of("k_scale", "v_scale")
        .map(name -> new TensorInfo(module + "." + name, Dtype.F32, List.of(1L)))
        .toList();
  }
}
