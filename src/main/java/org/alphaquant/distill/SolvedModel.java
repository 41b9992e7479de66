package org.alphaquant.distill;

import java.util.List;
import java.util.Map;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.model.Model;
import org.alphaquant.model.ModelFamilies;
import org.alphaquant.model.block.WeightOverlay;
import org.alphaquant.quantize.QuantizationPlan;
import org.alphaquant.torch.TensorScope;

/**
 * A solved model beside its source, from which training starts.
 *
 * @param source the original model's files
 * @param rotated rotated weights that replace its own
 * @param files of the layers, with solutions
 * @param norms number of the type that each norm's weight is stored in, by full name
 */
public record SolvedModel(
    Checkpoint source,
    WeightOverlay rotated,
    ModelDescription description,
    QuantizationPlan plan,
    List<SafetensorsFile> files,
    Map<String, Integer> norms) {

  public SolvedModel {
    files = List.copyOf(files);
    norms = Map.copyOf(norms);
  }

  /** The source as it is, or rotated. */
  Model original(TensorScope scope) {
    return ModelFamilies.open(source, description, scope, rotated);
  }

  StudentWeights weights(Model original) {
    return new StudentWeights(original, description, plan, files, norms.keySet());
  }

  /** The model with quantized weights in the place of the source's. */
  Model quantized(TensorScope scope, StudentWeights weights) {
    return ModelFamilies.open(source, description, scope, weights.over(rotated));
  }

  int layers() {
    return description.layers();
  }
}
