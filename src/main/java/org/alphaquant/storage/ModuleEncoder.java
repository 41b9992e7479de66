package org.alphaquant.storage;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.torch.TensorScope;

/** Turns solved batches into the planes of their modules, in host memory. */
public final class ModuleEncoder {

  private final StorageFormat format;
  private final Dtype model;

  /**
   * @param model the model's own dtype
   */
  public ModuleEncoder(StorageFormat format, Dtype model) {
    this.format = format;
    this.model = model;
  }

  /**
   * The planes of every module, named {@code <module>.<suffix>}.
   *
   * @param modules element b of the batch is the module {@code modules[b]}
   */
  public List<TensorSource> encode(
      TensorScope parent, QuantizedBatch batch, TensorScheme scheme, List<String> modules) {
    List<TensorSource> tensors = new ArrayList<>();
    List<Plane> planes =
        format.codec(scheme).planes(scheme, batch.outFeatures(), batch.inFeatures(), model);
    for (Plane plane : planes) {
      try (TensorScope scope = parent.child(plane.suffix())) {
        tensors.addAll(split(plane, scope.toBytes(plane.encoding().encode(scope, batch)), modules));
      }
    }
    return tensors;
  }

  // One copy from the device for the whole batch; each module's plane is a slice of it.
  private static List<TensorSource> split(Plane plane, ByteBuffer all, List<String> modules) {
    int size = Math.toIntExact(plane.bytes());
    if (all.remaining() != (long) size * modules.size()) {
      throw new IllegalStateException(
          "%s takes %d bytes for each of %d modules but %d are there"
              .formatted(plane.of(modules.get(0)), size, modules.size(), all.remaining()));
    }
    List<TensorSource> tensors = new ArrayList<>();
    for (int b = 0; b < modules.size(); b++) {
      TensorInfo own = plane.of(modules.get(b));
      tensors.add(TensorSource.of(own, all.slice(b * size, size)));
    }
    return tensors;
  }
}
