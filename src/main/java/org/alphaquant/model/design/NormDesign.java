package org.alphaquant.model.design;

import org.alphaquant.model.Norm;

/** An RMSNorm of a given module name and width. */
public record NormDesign(String name, long width, double epsilon) {

  public void outline(Outline outline) {
    outline.tensor(name + ".weight", width);
  }

  public Norm load(WeightReader reader) {
    return new Norm(reader.floats(name + ".weight"), epsilon);
  }
}
