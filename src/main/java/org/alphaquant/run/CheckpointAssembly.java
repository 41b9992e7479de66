package org.alphaquant.run;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.scheme.plan.Plan;
import org.alphaquant.storage.Plane;
import org.alphaquant.storage.PlannedTensor;
import org.alphaquant.storage.ResultFiles;

/** Puts the finished layers and everything that stays as it is together to the planned result. */
final class CheckpointAssembly {

  private final PreparedJob job;
  private final Plan plan;

  CheckpointAssembly(PreparedJob job) {
    this.job = job;
    this.plan = job.plan();
  }

  /**
   * Writes the result's files.
   *
   * @param layers the planes of quantized modules, and plain tensors that are no longer the
   *     source's; of what is in several, the last counts
   */
  void write(List<SafetensorsFile> layers, Path folder) {
    Map<String, TensorSource> pieces = pieces(layers);
    List<TensorSource> tensors = new ArrayList<>();
    for (PlannedTensor tensor : plan.tensors()) {
      tensors.add(
          tensor
              .assembly()
              .assemble(tensor, tensor.pieces().stream().map(it -> piece(pieces, it)).toList()));
    }
    plan.format()
        .write(
            new ResultFiles(
                folder,
                job.source().folder(),
                plan.content(),
                plan.config(),
                plan.tensors(),
                tensors,
                job.spec().output().maxShardBytes()));
  }

  // A quantized module's planes come from the layers alone, though one may have its weight's name.
  private Map<String, TensorSource> pieces(List<SafetensorsFile> layers) {
    Map<String, TensorSource> pieces = new HashMap<>(job.pieces());
    Set<String> planes = new HashSet<>();
    for (ModuleScheme module : plan.content().quantized()) {
      pieces.remove(module.name() + ".weight");
      for (Plane plane : plan.format().planes(module, plan.dtype())) {
        planes.add(module.name() + "." + plane.suffix());
      }
    }
    for (SafetensorsFile layer : layers) {
      layer.names().stream()
          .filter(name -> planes.contains(name) || pieces.containsKey(name))
          .forEach(name -> pieces.put(name, layer.source(name)));
    }
    return pieces;
  }

  private static TensorSource piece(Map<String, TensorSource> pieces, String name) {
    TensorSource piece = pieces.get(name);
    if (piece == null) {
      throw new IllegalStateException(name + " is planned but was not made");
    }
    return piece;
  }
}
