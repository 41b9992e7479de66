package org.alphaquant.run;

import ai.djl.ndarray.NDArray;
import java.nio.ByteBuffer;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.job.RotationRequest;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.rotation.Rotation;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.storage.TorchTypes;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;

/**
 * Applies the requested rotation to a job's source.
 *
 * @param scope owns the rotation
 */
record RotatedSource(Torch torch, TensorScope scope) {

  private static final Set<Dtype> FLOATS = EnumSet.of(Dtype.F16, Dtype.BF16, Dtype.F32, Dtype.F64);

  /** The job on its rotated source; the job itself where none is requested. */
  PreparedJob of(PreparedJob job) {
    RotationRequest asked = job.spec().rotation();
    if (asked == null) {
      return job;
    }
    Rotation rotation = new Rotation(scope, job.model(), asked, stored(job));
    Map<String, TensorSource> plain = new LinkedHashMap<>(job.plain());
    for (TensorInfo tensor : job.plan().content().plain()) {
      if (rotation.changes(tensor.name())) {
        plain.put(tensor.name(), TensorSource.lazy(tensor, () -> bytes(rotation, tensor)));
      }
    }
    return new PreparedJob(job.spec(), job.model().with(rotation), plain, job.plan());
  }

  private List<ByteBuffer> bytes(Rotation rotation, TensorInfo tensor) {
    int dtype = TorchTypes.of(tensor.dtype()).number();
    try (TensorScope turning = torch.scope("rotate " + tensor.name())) {
      NDArray turned = rotation.weight(turning, tensor.name()).orElseThrow();
      return List.of(turning.toBytes(turning.run("tensor.to_dtype", turned, dtype)));
    }
  }

  // Quantized weights are rotated in float32; all others are rounded as they will be stored.
  private static Map<String, Integer> stored(PreparedJob job) {
    Set<String> quantized =
        job.plan().content().quantized().stream()
            .map(ModuleScheme::name)
            .map(name -> name + ".weight")
            .collect(Collectors.toSet());
    Map<String, Integer> stored = new HashMap<>();
    for (TensorInfo tensor : job.plan().content().plain()) {
      if (!quantized.contains(tensor.name()) && FLOATS.contains(tensor.dtype())) {
        stored.put(tensor.name(), TorchTypes.of(tensor.dtype()).number());
      }
    }
    return stored;
  }
}
