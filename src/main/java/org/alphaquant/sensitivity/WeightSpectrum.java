package org.alphaquant.sensitivity;

import ai.djl.ndarray.NDArray;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alphaquant.allocate.Unit;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.model.Model;
import org.alphaquant.model.RecognisedModel;
import org.alphaquant.torch.TensorScope;

/**
 * The tail exponent of the eigenvalues of a weight's Gram matrix (Hill 1975, The Annals of
 * Statistics 3, page 1163), as AlphaQuant takes it for a layer's sensitivity: the heavier the tail,
 * which is the smaller the exponent, the better a layer is said to be trained and the more bits it
 * is given. No text takes part.
 */
public final class WeightSpectrum {

  private final TensorScope parent;
  private final Model model;

  public WeightSpectrum(TensorScope parent, RecognisedModel model) {
    this.parent = parent;
    this.model = model.open(parent);
  }

  /** Mean exponent of a unit's weights. */
  public double tailExponent(Unit unit) {
    double sum = 0;
    for (ModuleDescription module : unit.modules()) {
      try (TensorScope scope = parent.child("spectrum of " + module.name())) {
        NDArray weight = model.floats(scope, module.name() + ".weight");
        sum += scope.run("matrices.hill", weight).getFloat();
      }
    }
    return sum / unit.modules().size();
  }

  /**
   * Costs by the units' names: a code's mean squared rounding error falls by four with every bit,
   * and counts the more the heavier the tail.
   *
   * @param exponents by the units' names
   * @param bits of a code
   */
  public static Map<String, Double> costs(
      List<Unit> units, Map<String, Double> exponents, int bits) {
    double weights = units.stream().mapToLong(Unit::weights).sum();
    Map<String, Double> costs = new LinkedHashMap<>();
    for (Unit unit : units) {
      double share = unit.weights() / weights;
      costs.put(unit.name(), share * Math.pow(4, -bits) / exponents.get(unit.name()));
    }
    return costs;
  }
}
