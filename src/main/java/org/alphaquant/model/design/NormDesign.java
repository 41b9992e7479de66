package org.alphaquant.model.design;

import ai.djl.ndarray.NDArray;
import org.alphaquant.model.Norm;

/** A norm of a given module name and width: RMSNorm, or LayerNorm with a bias. */
public record NormDesign(String name, long width, double epsilon, boolean layerNorm) {

  /** An RMSNorm. */
  public NormDesign(String name, long width, double epsilon) {
    this(name, width, epsilon, false);
  }

  public void outline(Outline outline) {
    outline.tensor(name + ".weight", width);
    if (layerNorm) {
      outline.tensor(name + ".bias", width);
    }
  }

  public Norm load(WeightReader reader) {
    NDArray bias = layerNorm ? reader.floats(name + ".bias") : null;
    return new Norm(reader.floats(name + ".weight"), bias, epsilon);
  }
}
