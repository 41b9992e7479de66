package org.alphaquant.model.design;

import ai.djl.ndarray.NDArray;
import java.util.Arrays;
import org.alphaquant.model.block.Norm;
import org.alphaquant.model.block.WeightReader;

/** A norm of a given module name and width. */
public record NormDesign(String name, long width, double epsilon, NormKind kind) {

  /** An RMSNorm. */
  public NormDesign(String name, long width, double epsilon) {
    this(name, width, epsilon, NormKind.RMS);
  }

  public void outline(Outline outline) {
    if (kind == NormKind.RMS_WITHOUT_WEIGHT) {
      return;
    }
    outline.tensor(name + ".weight", width);
    if (kind == NormKind.LAYER) {
      outline.tensor(name + ".bias", width);
    }
  }

  public Norm load(WeightReader reader) {
    if (kind == NormKind.RMS_WITHOUT_WEIGHT) {
      float[] ones = new float[Math.toIntExact(width)];
      Arrays.fill(ones, 1);
      return new Norm(reader.scope().floats(ones, width), null, epsilon);
    }
    NDArray weight = reader.floats(name + ".weight");
    return switch (kind) {
      case RMS, RMS_WITHOUT_WEIGHT -> new Norm(weight, null, epsilon);
      case RMS_PLUS_ONE -> new Norm(reader.scope().run("norm.plus_one", weight), null, epsilon);
      case LAYER -> new Norm(weight, reader.floats(name + ".bias"), epsilon);
      case LAYER_WITHOUT_BIAS ->
          new Norm(weight, reader.scope().run("tensor.zeros_like", weight), epsilon);
    };
  }
}
