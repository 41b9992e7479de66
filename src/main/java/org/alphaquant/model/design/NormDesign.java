package org.alphaquant.model.design;

import ai.djl.ndarray.NDArray;
import org.alphaquant.model.block.Norm;
import org.alphaquant.model.block.WeightReader;

/** A norm of a given module name and width. */
public record NormDesign(String name, long width, double epsilon, NormKind kind) {

  /** An RMSNorm. */
  public NormDesign(String name, long width, double epsilon) {
    this(name, width, epsilon, NormKind.RMS);
  }

  public void outline(Outline outline) {
    outline.tensor(name + ".weight", width);
    if (kind == NormKind.LAYER) {
      outline.tensor(name + ".bias", width);
    }
  }

  public Norm load(WeightReader reader) {
    NDArray weight = reader.floats(name + ".weight");
    return switch (kind) {
      case RMS -> new Norm(weight, null, epsilon);
      case RMS_PLUS_ONE -> new Norm(reader.scope().run("norm.plus_one", weight), null, epsilon);
      case LAYER -> new Norm(weight, reader.floats(name + ".bias"), epsilon);
      case LAYER_WITHOUT_BIAS ->
          new Norm(weight, reader.scope().run("tensor.zeros_like", weight), epsilon);
    };
  }
}
