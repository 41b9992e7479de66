package org.alphaquant.run;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.checkpoint.WrittenFile;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.scheme.plan.Plan;
import org.alphaquant.storage.CacheScales;
import org.alphaquant.storage.Plane;
import org.alphaquant.storage.PlannedTensor;
import org.alphaquant.storage.ResultFiles;

/** Assembles the planned result from the finished layers and the unchanged tensors. */
final class CheckpointAssembly {

  private final PreparedJob job;
  private final Plan plan;

  CheckpointAssembly(PreparedJob job) {
    this.job = job;
    this.plan = job.plan();
  }

  /**
   * Writes the result's files, each tensor as soon as its layer is finished.
   *
   * @param layers the planes of quantized modules
   * @param later planes and plain tensors that replace those of the layers and the source; the last
   *     one that has a tensor counts
   * @return the files that were hashed while written
   */
  List<WrittenFile> write(PendingLayers layers, List<SafetensorsFile> later, Path folder) {
    Map<String, TensorSource> pieces = pieces(layers, later);
    List<TensorSource> tensors = new ArrayList<>();
    for (PlannedTensor tensor : plan.tensors()) {
      tensors.add(
          tensor
              .assembly()
              .assemble(tensor, tensor.pieces().stream().map(it -> piece(pieces, it)).toList()));
    }
    return plan.format()
        .write(
            new ResultFiles(
                folder,
                job.source().folder(),
                job.source().links(),
                plan.content(),
                plan.config(),
                plan.tensors(),
                tensors,
                job.spec().output().maxShardBytes()));
  }

  // A quantized module's planes come from the layers alone, though one may have its weight's name.
  private Map<String, TensorSource> pieces(PendingLayers layers, List<SafetensorsFile> later) {
    Map<String, TensorSource> pieces = new HashMap<>(job.pieces());
    for (ModuleScheme module : plan.content().quantized()) {
      pieces.remove(module.name() + ".weight");
      int layer = layer(job, module);
      for (Plane plane : plan.format().planes(module, plan.dtype())) {
        TensorInfo tensor = plane.of(module.name());
        pieces.put(tensor.name(), layers.source(layer, tensor));
      }
    }
    plan.content()
        .cached()
        .forEach(
            (layer, module) ->
                CacheScales.of(module)
                    .forEach(scale -> pieces.put(scale.name(), layers.source(layer, scale))));
    for (SafetensorsFile file : later) {
      file.names().stream()
          .filter(pieces::containsKey)
          .forEach(name -> pieces.put(name, file.source(name)));
    }
    return pieces;
  }

  /** The layer that a module is kept with: the embedding's is the first, the head's the last. */
  static int layer(PreparedJob job, ModuleScheme module) {
    if (module.module().layer() >= 0) {
      return module.module().layer();
    }
    boolean embedding = module.name().equals(job.description().embedding().name());
    return embedding ? 0 : job.description().layers() - 1;
  }

  private static TensorSource piece(Map<String, TensorSource> pieces, String name) {
    TensorSource piece = pieces.get(name);
    if (piece == null) {
      throw new IllegalStateException(name + " is planned but was not made");
    }
    return piece;
  }
}
