package org.alphaquant.model.design;

import ai.djl.ndarray.NDArray;
import org.alphaquant.model.block.Linear;
import org.alphaquant.model.block.WeightReader;

/** A linear of a given module name and size, weight [out, in]. */
public record LinearDesign(String name, long out, long in, boolean bias) {

  public LinearDesign(String name, long out, long in) {
    this(name, out, in, false);
  }

  public String weight() {
    return name + ".weight";
  }

  String biasTensor() {
    return name + ".bias";
  }

  public Linear load(WeightReader reader) {
    NDArray loadedBias = bias ? reader.floats(biasTensor()) : null;
    return new Linear(
        name, reader.scope(), reader.floats(weight()), loadedBias, reader.overlay().input(name));
  }
}
